"""`tinyc` and `python -m tinyc`: the native command takes the place of this process."""
import os
import sys

from ._command import TinycError, binary


def main() -> int:
    try:
        command = str(binary())
    except TinycError as e:
        print(f"tinyc: error: {e}", file=sys.stderr)
        return 70
    os.execv(command, [command, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
