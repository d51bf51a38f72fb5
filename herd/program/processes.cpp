#include "herd/program/processes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace herd::program {

namespace {

// Collects what posix_spawn() is to do, and the first error in doing so.
class SpawnPlan {
public:
    SpawnPlan() {
        check(posix_spawn_file_actions_init(&actions_));
        check(posix_spawnattr_init(&attributes_));
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    void connect(int output) {
        check(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
        check(posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO));
    }

    // We ignore PIPE: a program that is started would inherit this. HUP would end it until it has
    // come to its own first line.
    void detach() {
        sigset_t held;
        sigset_t all;
        sigemptyset(&held);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&held, signal);
        sigfillset(&all);
        check(posix_spawnattr_setsigmask(&attributes_, &held));
        check(posix_spawnattr_setsigdefault(&attributes_, &all));
        check(posix_spawnattr_setpgroup(&attributes_, 0));
        check(posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
    }

    reactor::Result<int> run(const char* program, char* const* arguments) {
        int pid = -1;
        if (error_ == 0) {
            check(posix_spawn(&pid, program, &actions_, &attributes_, arguments, environ));
        }
        if (error_ != 0) return reactor::failure(error_);
        return pid;
    }

private:
    void check(int error) {
        if (error_ == 0) error_ = error;
    }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
    int error_ = 0;
};

}  // namespace

reactor::Acquired<ChildProcess> start_herd(const std::vector<std::string>& arguments) {
    assert(!arguments.empty());
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) < 0) return reactor::failure(errno);
    reactor::Socket output(ends[0]);
    const reactor::Socket input(ends[1]);
    if (fcntl(output.fd(), F_SETFL, O_NONBLOCK) < 0) return reactor::failure(errno);
    std::vector<std::string> copies = arguments;
    std::string program = "herd";
    std::vector<char*> pointers = {program.data()};
    for (std::string& copy : copies) pointers.push_back(copy.data());
    pointers.push_back(nullptr);
    SpawnPlan plan;
    plan.connect(input.fd());
    plan.detach();
    const auto pid = plan.run("/proc/self/exe", pointers.data());
    if (!pid) return std::unexpected(pid.error());
    return ChildProcess{*pid, std::move(output)};
}

reactor::Result<int> run_program(const std::vector<std::string>& command) {
    assert(!command.empty());
    std::vector<std::string> copies = command;
    std::vector<char*> pointers;
    pointers.reserve(copies.size() + 1);
    for (std::string& copy : copies) pointers.push_back(copy.data());
    pointers.push_back(nullptr);
    int pid = -1;
    const int error = posix_spawnp(&pid, pointers[0], nullptr, nullptr, pointers.data(), environ);
    if (error != 0) return reactor::failure(error);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return reactor::failure(errno);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void reap_nobody() {
    signal(SIGCHLD, SIG_IGN);
}

void reap_strangers(std::span<const int> own) {
    // Own ones stand in the way until they are reaped, which is soon.
    siginfo_t info{};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        if (std::ranges::find(own, info.si_pid) != own.end()) return;
        waitpid(info.si_pid, nullptr, WNOHANG);
        info = {};
    }
}

int own_pid() {
    return getpid();
}

void take_name() {
    prctl(PR_SET_NAME, "herd");
}

bool die_with_parent(int parent) {
    // The parent may have ended before it was asked for.
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

reactor::Result<std::size_t> read_output(const reactor::Socket& output, std::span<char> buffer) {
    assert(output.open());
    assert(!buffer.empty());
    ssize_t got = -1;
    do {
        got = read(output.fd(), buffer.data(), buffer.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return reactor::failure(errno);
    return static_cast<std::size_t>(got);
}

void ask_to_stop(int pid) {
    assert(pid > 0);  // Else it would be a group, or everybody.
    kill(pid, SIGTERM);
}

void ask_to_reopen(int pid) {
    assert(pid > 0);
    kill(pid, SIGHUP);
}

void kill_at_once(int pid) {
    assert(pid > 0);
    kill(pid, SIGKILL);
}

std::string Ending::text() const {
    if (signal == 0) return "exit code " + std::to_string(code);
    const char* const name = sigdescr_np(signal);
    return "signal " + std::to_string(signal) + " (" + (name != nullptr ? name : "unknown") + ")";
}

std::optional<Ending> reap(int pid) {
    assert(pid > 0);
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
    if (WIFSIGNALED(status)) return Ending{.signal = WTERMSIG(status)};
    return Ending{.code = WEXITSTATUS(status)};
}

}  // namespace herd::program
