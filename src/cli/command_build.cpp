// build: every model of tinyc.toml, those that are not up to date, several at once.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/build_state.h"
#include "cli/cli.h"
#include "cli/console.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

struct Job {
  const ProjectModel* model = nullptr;
  std::optional<BuildState> state;
  pid_t child = -1;
  std::FILE* log = nullptr;  ///< what the child said: shown as a whole, so that models do not mix
  bool fresh = false;        ///< nothing had to be done
  int code = 0;
};

/// A process of its own for each model: its memory goes when it is done, and a defect ends only itself.
void start(Job& job, int threads) {
  job.log = std::tmpfile();
  if (!job.log)
    throw Error(ErrorCode::cannot_write, "no temporary file can be made", "set TMPDIR to a writable folder");
  job.child = ::fork();
  if (job.child < 0)
    throw Error(ErrorCode::out_of_memory, "no process could be started: " + std::string(std::strerror(errno)));
  if (job.child > 0) return;
  ::dup2(::fileno(job.log), STDOUT_FILENO);
  ::dup2(::fileno(job.log), STDERR_FILENO);
  CompressOptions o = job.model->options;
  if (o.threads == 0) o.threads = threads;
  o.json = false;
  ::_exit(guarded([&] { return compress_to_folder(o); }));
}

void finish(Job& job, int status) {
  job.child = -1;
  job.code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ErrorKind::internal);
  std::string text;
  char buffer[4096];
  if (std::fseek(job.log, 0, SEEK_SET) != 0) text = "its log is lost\n";
  while (const auto n = std::fread(buffer, 1, sizeof buffer, job.log)) text.append(buffer, n);
  std::fclose(job.log);
  log_progress(printable(job.model->path) + "\n" + text);
  // a build whose gates failed is a build; one that ended early is none
  if (job.code == 0 || job.code == static_cast<int>(ErrorKind::gate)) job.state->save(job.code);
}

void wait_for_one(std::deque<Job>& jobs) {
  int status = 0;
  const pid_t child = ::waitpid(-1, &status, 0);
  if (child < 0 && errno == EINTR) {
    if (!interrupted()) return;
    for (Job& job : jobs)
      if (job.child > 0) ::kill(job.child, SIGINT);
    for (Job& job : jobs)
      if (job.child > 0) ::waitpid(job.child, &status, 0);
    check_interrupt();
  }
  for (Job& job : jobs)
    if (job.child == child) finish(job, status);
}

std::string line_of(const Job& job) {
  const Report r = load_report(job.model->options.out_dir);
  std::string text = printable(job.model->path) + "  flash " + std::to_string(r.flash_total()) + " B, RAM " +
                     std::to_string(r.arena) + " B";
  if (r.accuracy && r.accuracy->compressed && !r.accuracy->synthetic) {
    char value[64];
    std::snprintf(value, sizeof value, ", %s %.4f", r.accuracy->metric.c_str(), *r.accuracy->compressed);
    text += value;
  }
  for (const auto& f : r.failures) text += "\n      " + f;
  return text;
}

bool written(const Job& job) { return job.code == 0 || job.code == static_cast<int>(ErrorKind::gate); }

std::string answer_text(const std::deque<Job>& jobs) {
  std::string out;
  for (const Job& job : jobs) {
    out += job.code != 0 ? "FAIL  " : job.fresh ? "same  " : "ok    ";
    out += (written(job) ? line_of(job)
                         : printable(job.model->path) + "  not built, exit code " + std::to_string(job.code)) +
           "\n";
  }
  return out;
}

std::string answer_json(const std::deque<Job>& jobs, int code) {
  nlohmann::ordered_json j{
      {"schema_version", 1}, {"status", code == 0 ? "ok" : "failed"}, {"models", nlohmann::json::array()}};
  for (const Job& job : jobs)
    j["models"].push_back({{"path", job.model->path},
                           {"output", job.model->options.out_dir},
                           {"built", !job.fresh},
                           {"exit_code", job.code}});
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

int command_build(const BuildArguments& a) {
  const Project project = load_project(a.config);
  std::deque<Job> jobs;
  std::size_t stale = 0;
  for (const ProjectModel& m : project.models) {
    Job& job = jobs.emplace_back();
    job.model = &m;
    job.state.emplace(m);
    job.fresh = job.state->up_to_date() && !a.force;
    job.code = job.fresh ? job.state->last_exit_code() : 0;
    stale += !job.fresh;
  }
  const auto cores = static_cast<std::size_t>(thread_count());
  const std::size_t at_once = std::min(stale, a.jobs ? a.jobs : cores);
  std::size_t running = 0;
  for (Job& job : jobs) {
    if (job.fresh) continue;
    if (running == at_once) wait_for_one(jobs), --running;
    log_progress("building " + printable(job.model->path));
    start(job, static_cast<int>(std::max<std::size_t>(1, cores / at_once)));
    ++running;
  }
  for (; running > 0; --running) wait_for_one(jobs);
  int code = 0;  // what ended a build early counts more than a gate
  for (const Job& job : jobs)
    if (job.code != 0 && (code == 0 || code == static_cast<int>(ErrorKind::gate))) code = job.code;
  answer(a.json ? answer_json(jobs, code) : answer_text(jobs));
  return code;
}

}  // namespace tinyc
