#include "pipeline/trace.h"

#include <algorithm>
#include <set>

#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

using State = TraceReport::State;

const Value& value(const Program& p, ValueId id) { return p.values[static_cast<std::size_t>(id)]; }

std::span<const std::uint8_t> unsigned_bytes(std::span<const std::int8_t> s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

/// Every complete layer's output on the host; empty where a layer is not complete. `instead`: what one layer gives.
std::vector<Bytes> run_layers(const Program& p, const std::vector<Bytes>& inputs, const TraceLine* instead = nullptr) {
  const ProgramExecutor executor(p);
  auto state = executor.make_state();
  for (std::size_t k = 0; k < inputs.size(); ++k) std::ranges::copy(inputs[k], executor.input(state, k).begin());
  std::vector<Bytes> outputs(p.layers.size());
  executor.run(state, [&](std::size_t layer, std::span<const std::int8_t> out) {
    if (instead && static_cast<std::size_t>(instead->layer) == layer)
      std::ranges::copy(instead->data, state.arena + p.layers[layer].record.out);
    const auto bytes = unsigned_bytes(out);
    outputs[layer].assign(bytes.begin(), bytes.end());
  });
  return outputs;
}

/// "3 of 64 values differ, by at most 12, all in channel 5".
std::string difference(const Value& v, const Bytes& host, const Bytes& device) {
  const std::size_t step = size_of(v.type), channels = v.shape.empty() ? 1 : static_cast<std::size_t>(v.shape.back());
  std::size_t count = 0, first = 0, last = 0;
  std::int64_t most = 0;
  std::set<std::size_t> which;
  const auto number = [&](const Bytes& b, std::size_t i) {
    if (step == 1) return static_cast<std::int64_t>(static_cast<std::int8_t>(b[i]));
    std::uint32_t n = 0;
    for (std::size_t k = 4; k-- > 0;) n = n << 8 | b[4 * i + k];
    return static_cast<std::int64_t>(static_cast<std::int32_t>(n));
  };
  for (std::size_t i = 0; i < host.size() / step; ++i) {
    const std::int64_t d = std::abs(number(host, i) - number(device, i));
    if (d == 0) continue;
    if (count++ == 0) first = i;
    last = i;
    most = std::max(most, d);
    which.insert(i % std::max<std::size_t>(1, channels));
  }
  std::string out = std::to_string(count) + " of " + std::to_string(host.size() / step) +
                    " values differ, by at most " + std::to_string(most);
  if (which.size() == 1 && channels > 1) return out + ", all in channel " + std::to_string(*which.begin());
  return out + ", from " + std::to_string(first) + " to " + std::to_string(last);
}

class Comparison {
 public:
  Comparison(const Program& p, const std::vector<TraceLine>& dump) : p_(p), by_layer_(p.layers.size(), nullptr) {
    for (const TraceLine& line : dump) {
      if (line.layer < 0)
        inputs_.push_back(&line);
      else if (static_cast<std::size_t>(line.layer) < p.layers.size())
        by_layer_[static_cast<std::size_t>(line.layer)] = &line;
      else
        other_model_ = true;
    }
  }

  TraceReport compare(const std::vector<Bytes>& given) {
    choose_inputs(given);
    const std::vector<Bytes> host = run_layers(p_, run_on_);
    for (std::size_t i = 0; i < host.size(); ++i) add_row(i, host[i]);
    look_at_addresses();
    explain();
    return std::move(r_);
  }

 private:
  bool device_inputs_known() const {
    return inputs_.size() == p_.inputs.size() &&
           std::ranges::all_of(inputs_, [](const TraceLine* l) { return l->data.size() == l->bytes && l->bytes > 0; });
  }

  void choose_inputs(const std::vector<Bytes>& given) {
    for (std::size_t k = 0; k < inputs_.size(); ++k)
      if (k >= p_.inputs.size() || inputs_[k]->bytes != value(p_, p_.inputs[k]).bytes) other_model_ = true;
    const bool device = !other_model_ && device_inputs_known();
    if (given.empty() && !device)
      throw Error(ErrorCode::no_samples, "neither the dump nor --input says what the device was given",
                  "give --input, or compile the firmware with -DTINYC_TRACE_DUMP_INPUT");
    for (std::size_t k = 0; !other_model_ && k < std::min(inputs_.size(), given.size()); ++k)
      if (trace_hash(given[k]) != inputs_[k]->hash) other_input_ = true;
    r_.input = other_input_      ? "not that of --input"
               : given.empty()   ? "that of the dump"
               : inputs_.empty() ? "that of --input; the dump does not tell whether the device had it"
                                 : "that of --input, on the device too";
    if (!device) {
      run_on_ = given;
      return;
    }
    for (const TraceLine* line : inputs_) run_on_.push_back(line->data);
  }

  void add_row(std::size_t i, const Bytes& host) {
    TraceReport::Row& row = r_.layers.emplace_back();
    row.bytes = static_cast<std::uint32_t>(host.size());
    if (host.empty()) return;
    row.host = trace_hash(host);
    const TraceLine* line = by_layer_[i];
    row.state = !line                                                ? State::missing
                : line->hash == row.host && line->bytes == row.bytes ? State::same
                                                                     : State::differs;
    if (row.state != State::same && r_.first_bad < 0) r_.first_bad = static_cast<int>(i);
    if (!line) return;
    row.device = line->hash;
    if (line->bytes != row.bytes)
      other_model_ = true;
    else if (row.state == State::differs && !line->data.empty())
      row.how = difference(value(p_, p_.layers[i].out), host, line->data);
  }

  // Where the arena begins, from each line: always the same place if the device has this program's plan.
  void look_at_addresses() {
    std::set<std::uint32_t> bases;
    for (std::size_t k = 0; k < std::min(inputs_.size(), p_.inputs.size()); ++k)
      bases.insert(inputs_[k]->address - value(p_, p_.inputs[k]).offset);
    for (std::size_t i = 0; i < by_layer_.size(); ++i)
      if (by_layer_[i]) bases.insert(by_layer_[i]->address - p_.layers[i].record.out);
    if (bases.size() > 1) other_model_ = true;
    if (!bases.empty()) arena_ = *bases.begin();
  }

  /// Layers that are wrong although the values that they read were right when they were written.
  std::vector<std::size_t> wrong_by_themselves() const {
    std::vector<std::size_t> found;
    std::vector<bool> wrong(p_.values.size(), false);
    for (std::size_t i = 0; i < r_.layers.size(); ++i) {
      const Layer& l = p_.layers[i];
      const auto is_wrong = [&](ValueId id) { return id >= 0 && wrong[static_cast<std::size_t>(id)]; };
      const bool fed = is_wrong(l.in0) || is_wrong(l.in1);
      if (r_.layers[i].state == State::differs && !fed) found.push_back(i);
      if (r_.layers[i].state == State::differs || (r_.layers[i].state == State::part && fed))
        wrong[static_cast<std::size_t>(l.out)] = true;
    }
    // what a layer gave may explain all that follows
    if (found.size() == 1 && by_layer_[found[0]] && !by_layer_[found[0]]->data.empty()) {
      const std::vector<Bytes> after = run_layers(p_, run_on_, by_layer_[found[0]]);
      for (std::size_t i = found[0] + 1; i < after.size(); ++i)
        if (by_layer_[i] && trace_hash(after[i]) != by_layer_[i]->hash) {
          found.push_back(i);
          break;
        }
    }
    return found;
  }

  void explain() {
    auto& causes = r_.causes;
    if (other_model_) {
      causes.push_back(
          "the firmware holds another model, or another compression of it: sizes or places in the arena are not those "
          "of this folder; build it again from these files");
      return;
    }
    if (arena_ && *arena_ % 16 != 0) {
      char at[16];
      std::snprintf(at, sizeof at, "0x%08x", *arena_);
      causes.push_back(std::string("the arena begins at ") + at +
                       ", which is no multiple of 16: declare it with __attribute__((aligned(16)))");
    }
    if (other_input_)
      causes.push_back(
          "the device was given another input: its quantization (NAME_write_input does it), the order of its axes, or "
          "it was not written anew before NAME_invoke, which overwrites it");
    if (r_.first_bad < 0 || (other_input_ && !device_inputs_known())) return;
    const auto bad = static_cast<std::size_t>(r_.first_bad);
    if (r_.layers[bad].state == State::missing)
      explain_missing(p_.layers[bad], bad);
    else
      explain_difference(wrong_by_themselves());
  }

  void explain_missing(const Layer& l, std::size_t i) {
    const std::string it = "layer " + std::to_string(i);
    if (l.codec >= 0)
      r_.causes.push_back("NAME_invoke returned an error in " + it +
                          ": its coded weights are damaged, or lie where they cannot be read");
    r_.causes.push_back("a fault or a reset in " + it +
                        ": the stack ran into other memory, the arena is smaller than ..._ARENA_SIZE, or the compiler "
                        "was told of instructions that the core does not have");
    r_.causes.push_back("the dump was cut off there");
  }

  void explain_difference(const std::vector<std::size_t>& roots) {
    const std::size_t i = roots.empty() ? static_cast<std::size_t>(r_.first_bad) : roots[0];
    const Layer& l = p_.layers[i];
    const std::string it = "layer " + std::to_string(i), kernel = l.kernel->symbol;
    const std::string flash =
        "the weights or parameters of " + it +
        " are not those of this folder: a damaged bit in flash, a file that was not rebuilt, or a "
        "TINYC_WEIGHTS_ATTR section that cannot be read";
    const std::string compiler = "the compiler: flags (optimization, -m..., link-time optimization) under which " +
                                 kernel + " goes wrong; compare with -O1";
    const std::string memory =
        "something else writes to the arena while the model runs: the stack, an interrupt, DMA, another model";
    auto& causes = r_.causes;
    if (roots.size() > 1) {
      std::string list;
      for (const std::size_t k : roots) list += (list.empty() ? "" : ", ") + std::to_string(k);
      causes.push_back("layers " + list + " are wrong although what they read was right: not one weight, but memory. " +
                       memory);
      causes.push_back(compiler);
      return;
    }
    if (l.weights >= 0 || l.bias >= 0 || l.table >= 0) causes.push_back(flash);
    causes.push_back(compiler);
    causes.push_back(memory);
    if (by_layer_[i]->data.empty())
      causes.push_back("to see which values differ: -DTINYC_TRACE_DUMP=" + std::to_string(i));
  }

  const Program& p_;
  std::vector<const TraceLine*> inputs_, by_layer_;
  std::vector<Bytes> run_on_;
  TraceReport r_;
  std::optional<std::uint32_t> arena_;  ///< its address on the device
  bool other_model_ = false, other_input_ = false;
};

}  // namespace

TraceReport compare_trace(const Program& p, const std::vector<TraceLine>& dump, const std::vector<Bytes>& inputs) {
  return Comparison(p, dump).compare(inputs);
}

}  // namespace tinyc
