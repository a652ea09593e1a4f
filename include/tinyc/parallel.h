// Work over independent items on all cores. Results never depend on the number of threads: a body writes only to
// its own item's slot and every reduction over items is done afterwards, in item order, by the caller.
#pragma once
#include <cstddef>
#include <functional>

namespace tinyc {

/// Threads used by `parallel_for`: the last `set_thread_count` value, else hardware concurrency. At least 1.
int thread_count() noexcept;

/// Sets the number of threads (1..256); 0 means hardware concurrency. Throws Error(usage) outside that range.
void set_thread_count(int n);

/// Calls `body(item, worker)` once for each item in [0, n), workers numbered 0..thread_count()-1, so that a body can
/// keep one scratch space a worker. Items are handed out in order. The first exception in item order is rethrown after
/// all workers stopped. Throws Error(interrupted) when Ctrl-C was pressed meanwhile.
void parallel_for(std::size_t n, const std::function<void(std::size_t item, int worker)>& body);

/// True once SIGINT or SIGTERM arrived (set by the handler that the command line installs).
bool interrupted() noexcept;

/// Records an interruption; async-signal-safe.
void set_interrupted() noexcept;

/// Clears an interruption that the caller has dealt with: what follows runs to its end (or to the next Ctrl-C), and
/// interrupt_acknowledged() tells the command line to end with 130 all the same.
void acknowledge_interrupt() noexcept;
bool interrupt_acknowledged() noexcept;

/// While one lives, a second Ctrl-C does not end the process at once: there are temporary files, which go away first.
class InterruptHold {
 public:
  InterruptHold() noexcept;
  ~InterruptHold();
  InterruptHold(const InterruptHold&) = delete;
  InterruptHold& operator=(const InterruptHold&) = delete;
  /// True while any lives; async-signal-safe.
  static bool active() noexcept;
};

/// Throws Error(interrupted) when `interrupted()`; call it in every loop that can run for more than 50 ms.
void check_interrupt();

}  // namespace tinyc
