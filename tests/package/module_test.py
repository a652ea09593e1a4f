"""The Python module on a built tinyc: TINYC_BINARY=build/tinyc PYTHONPATH=src/python python3 tests/package/module_test.py"""
import contextlib
import filecmp
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import tinyc

try:
    import numpy as np
except ImportError:
    np = None
    print("SKIPPED: numpy is not installed; arrays are not tested", file=sys.stderr)

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "fashion_mnist"
MODEL = EXAMPLE / "fashion.tflite"
SCALE = "scale=0.00392156862745098"
OPTIONS = dict(int8=True, calib=EXAMPLE / "calib.npz", preprocess=SCALE, name="net", reproducible=True)
LINE = ["--int8", "--calib", str(EXAMPLE / "calib.npz"), "--preprocess", SCALE, "--name", "net", "--reproducible"]
needs_numpy = unittest.skipIf(np is None, "needs numpy")


class ModuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def compressed(self):
        tinyc.compress(MODEL, self.dir / "out", **OPTIONS)
        return self.dir / "out"

    def same_files(self, a, b):
        names = sorted(os.listdir(a))
        self.assertEqual(names, sorted(os.listdir(b)))
        self.assertEqual(filecmp.cmpfiles(a, b, names, shallow=False), (names, [], []))

    def test_module_and_command_write_the_same_bytes(self):
        binary, module = [str(tinyc.binary())], [sys.executable, "-m", "tinyc"]
        for command, out in ((binary, "a"), (module, "b")):
            done = subprocess.run([*command, "compress", str(MODEL), *LINE, "-q", "-o", str(self.dir / out)], stdout=subprocess.PIPE)
            self.assertEqual(done.returncode, 0)
        self.same_files(self.dir / "a", self.dir / "b")
        tinyc.compress(MODEL, self.dir / "c", **OPTIONS)
        self.same_files(self.dir / "a", self.dir / "c")
        self.assertEqual(subprocess.run([*module, "no-such-command"], stderr=subprocess.DEVNULL).returncode, 2)

    def test_report_is_what_the_file_says(self):
        report = tinyc.compress(MODEL, self.dir / "out", **OPTIONS)
        data = json.loads((self.dir / "out" / "report.json").read_text())
        for r in (report, tinyc.load_report(self.dir / "out"), tinyc.load_report(self.dir / "out" / "report.json")):
            self.assertEqual(r.data, data)
            self.assertEqual(r.flash.total, data["flash"]["total"])
            self.assertEqual(r.ram.arena, data["ram"]["arena"])
            self.assertEqual([layer.bytes for layer in r.layers], [layer["bytes"] for layer in data["layers"]])
            self.assertEqual(r.accuracy.agreement, data["accuracy"]["agreement"])
            self.assertEqual(r.accuracy.original, data["accuracy"]["float"])

    def test_failures_are_exceptions_with_exit_codes(self):
        with self.assertRaises(tinyc.GateFailed) as gate:
            tinyc.compress(MODEL, self.dir / "out", max_ram="1KiB", **OPTIONS)
        self.assertGreater(gate.exception.report.ram.arena, 1024)
        with self.assertRaises(tinyc.TinycError) as error:
            tinyc.compress(self.dir / "nothing.tflite", self.dir / "out", int8=True)
        self.assertEqual((error.exception.exit_code, error.exception.code), (3, "E301"))
        with self.assertRaises(tinyc.TinycError) as error:
            tinyc.compress(MODEL, self.dir / "out", colour="red")
        self.assertEqual(error.exception.exit_code, 2)
        for text in ("", "[]", "{}", '{"schema_version": 7}'):
            (self.dir / "report.json").write_text(text)
            with self.assertRaises(tinyc.TinycError) as error:
                tinyc.load_report(self.dir)
            self.assertEqual(error.exception.exit_code, 3)

    @needs_numpy
    def test_arrays_in_and_out(self):
        samples = np.load(EXAMPLE / "calib.npz")["x"][:50]
        options = dict(OPTIONS, calib=samples)
        tinyc.compress(MODEL, self.dir / "a", **options)
        tinyc.compress(MODEL, self.dir / "b", **dict(OPTIONS, calib=f"{EXAMPLE / 'calib.npz'}[0:50]"))
        self.same_files(self.dir / "a", self.dir / "b")
        y = tinyc.run(self.dir / "a", samples, preprocess=SCALE)
        self.assertEqual(y.shape, (50, 10))
        np.save(self.dir / "x.npy", samples)
        subprocess.run([str(tinyc.binary()), "run", str(self.dir / "a"), "--input", str(self.dir / "x.npy"), "--output",
                        str(self.dir / "y.npy"), "--preprocess", SCALE], check=True, stdout=subprocess.DEVNULL)
        np.testing.assert_array_equal(y, np.load(self.dir / "y.npy"))
        floats = tinyc.run(MODEL, samples.astype(np.float32) / 255)
        self.assertGreater(np.mean(floats.argmax(1) == y.argmax(1)), 0.9)
        self.assertEqual(len(tinyc.run_all(self.dir / "a", {"x": samples}, preprocess=SCALE)), 1)
        with self.assertRaises(tinyc.TinycError) as error:
            tinyc.run(self.dir / "a", samples[:, :5])
        self.assertEqual(error.exception.exit_code, 5)

    @needs_numpy
    def test_the_lines_of_docs(self):
        page = (EXAMPLE.parents[1] / "docs" / "install.md").read_text().splitlines()
        start = page.index("    import tinyc")
        lines = page[start:page.index("", start + 2)]
        code = "\n".join(line[4:] for line in lines).replace('"model.tflite"', "MODEL").replace('"out"', "OUT")
        names = {"MODEL": MODEL, "OUT": self.dir / "out", "pictures": np.load(EXAMPLE / "calib.npz")["x"][:50]}
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            exec(code, names)
        self.assertEqual(names["y"].shape, (50, 10))
        self.assertLess(names["report"].flash.total, 64 * 1024)

    @needs_numpy
    def test_a_function_as_hook(self):
        data = {"x": np.load(EXAMPLE / "eval.npz")["x"][:60], "y": np.load(EXAMPLE / "eval.npz")["y"][:60]}
        seen = {}

        def train(job):
            seen["x"], seen["y"], seen["masks"] = job.samples(), job.labels(), job.masks
            seen["epochs"], seen["validation"] = job.options["epochs"], job.validation
            for w in job.weights.values():
                w[...] = w + 0.25 * np.abs(w).max()  # zeros too: save() must put those back

        report = tinyc.compress(MODEL, self.dir / "out", prune="0.5", finetune=data, epochs=3, finetune_hook=train, **OPTIONS)
        self.assertEqual(len(seen["x"]) + len(seen["validation"].get("x", [])), 60)
        self.assertLessEqual(seen["x"].max(), 1.0)
        self.assertEqual(seen["epochs"], 3)
        self.assertEqual(len(seen["y"]), len(seen["x"]))
        zeros = sum(int((m == 0).sum()) for m in seen["masks"].values())
        self.assertGreater(zeros, 1000)
        untouched = tinyc.compress(MODEL, self.dir / "untouched", prune="0.5", finetune=data, epochs=3,
                                   finetune_hook=lambda job: None, **OPTIONS)
        nonzero = [sum(layer["nonzero"] for layer in r.data["layers"]) for r in (report, untouched)]
        self.assertLess(abs(nonzero[0] - nonzero[1]), nonzero[1] // 5)
        self.assertNotEqual((self.dir / "out" / "net.tinyc").read_bytes(), (self.dir / "untouched" / "net.tinyc").read_bytes())

    @needs_numpy
    def test_a_hook_that_raises_and_one_that_is_never_asked(self):
        def broken(job):
            raise ZeroDivisionError("mine")
        data = np.load(EXAMPLE / "eval.npz")["x"][:20]
        with self.assertRaisesRegex(ZeroDivisionError, "mine"):
            tinyc.compress(MODEL, self.dir / "out", finetune=data, finetune_hook=broken, **OPTIONS)
        with self.assertRaises(tinyc.TinycError) as error:
            tinyc.compress(self.dir / "nothing.tflite", self.dir / "out", int8=True, finetune=data, finetune_hook=broken)
        self.assertEqual(error.exception.exit_code, 3)
        self.assertFalse((self.dir / "out").exists())

    @needs_numpy
    def test_a_script_as_hook(self):
        script = self.dir / "train.py"
        script.write_text("import tinyc\n\n\ndef train(job):\n    for w in job.weights.values():\n        w *= 0.5\n\n\n"
                          "tinyc.hook.main(train)\n")
        data = np.load(EXAMPLE / "eval.npz")["x"][:20]
        command = f"'{sys.executable}' '{script}'"
        scripted = tinyc.compress(MODEL, self.dir / "a", finetune=data, finetune_hook=command, **OPTIONS)

        def halve(job):
            for w in job.weights.values():
                w *= 0.5
        tinyc.compress(MODEL, self.dir / "b", finetune=data, finetune_hook=halve, **OPTIONS)
        self.assertEqual((self.dir / "a" / "net.tinyc").read_bytes(), (self.dir / "b" / "net.tinyc").read_bytes())
        self.assertEqual(scripted.status, "ok")

    def test_numpy_is_not_needed_without_arrays(self):
        code = "import sys; sys.modules['numpy'] = None; import tinyc; print(tinyc.load_report(sys.argv[1]).flash.total)"
        out = subprocess.run([sys.executable, "-c", code, str(self.compressed())], check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(int(out.stdout), tinyc.load_report(self.dir / "out").flash.total)

    def test_a_missing_command_is_named(self):
        done = subprocess.run([sys.executable, "-m", "tinyc", "version"], stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, TINYC_BINARY="/no/such/tinyc"))
        self.assertEqual(done.returncode, 70)
        self.assertIn("there is no tinyc at /no/such/tinyc", done.stderr)


if __name__ == "__main__":
    unittest.main()
