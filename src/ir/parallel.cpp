#include "tinyc/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "tinyc/error.h"

namespace tinyc {
namespace {
std::atomic<int> g_threads{0};
std::atomic<bool> g_interrupted{false};
std::atomic<bool> g_acknowledged{false};
std::atomic<int> g_holds{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler reads it");
}  // namespace

int thread_count() noexcept {
  const int n = g_threads.load();
  if (n > 0) return n;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void set_thread_count(int n) {
  if (n < 0 || n > 256)
    throw Error(ErrorCode::bad_value, "the number of threads must be between 0 (all cores) and 256");
  g_threads = n;
}

bool interrupted() noexcept { return g_interrupted.load(std::memory_order_relaxed); }
void set_interrupted() noexcept { g_interrupted.store(true, std::memory_order_relaxed); }
void acknowledge_interrupt() noexcept {
  g_acknowledged = true;
  g_interrupted = false;
}
bool interrupt_acknowledged() noexcept { return g_acknowledged; }
InterruptHold::InterruptHold() noexcept { ++g_holds; }
InterruptHold::~InterruptHold() { --g_holds; }
bool InterruptHold::active() noexcept { return g_holds.load() > 0; }
void check_interrupt() {
  if (interrupted()) throw Error(ErrorCode::stopped, "interrupted; nothing was written");
}

void parallel_for(std::size_t n, const std::function<void(std::size_t, int)>& body) {
  const int workers = static_cast<int>(std::min<std::size_t>(n, static_cast<std::size_t>(thread_count())));
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t failed_item = n;
  std::exception_ptr failure;
  const auto work = [&](int worker) {
    for (;;) {
      const std::size_t item = next.fetch_add(1);
      if (item >= n) return;
      try {
        check_interrupt();
        body(item, worker);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (item < failed_item) {
          failed_item = item;
          failure = std::current_exception();
        }
        next = n;
        return;
      }
    }
  };
  // Nobody starts before all are there. When a limit on threads or memory is met, half of them go again, to leave room
  // for the work itself.
  constexpr int closed = -1;
  std::atomic<int> last{closed};
  std::atomic<bool> begun{false};
  std::vector<std::thread> threads;
  try {
    threads.reserve(static_cast<std::size_t>(workers));
    for (int w = 1; w < workers; ++w)
      threads.emplace_back([&, w] {
        last.wait(closed);
        if (w > last) return;
        begun.wait(false);
        work(w);
      });
    last = workers;
  } catch (const std::exception&) {
    last = static_cast<int>(threads.size() / 2);
  }
  last.notify_all();
  while (threads.size() > static_cast<std::size_t>(last)) {
    threads.back().join();
    threads.pop_back();
  }
  begun = true;
  begun.notify_all();
  if (n > 0) work(0);
  for (auto& t : threads) t.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tinyc
