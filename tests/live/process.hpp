#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Real processes for live tests. What should happen is waited for, with a deadline that only a
// failure reaches; nothing here takes the time that something took for a result.
namespace live {

using Clock = std::chrono::steady_clock;
inline constexpr std::chrono::seconds deadline{30};

// Whether `holds` answers true in time. Asks every few milliseconds.
template <class Holds>
bool eventually(Holds holds, Clock::duration time = deadline) {
    const auto end = Clock::now() + time;
    while (true) {
        if (holds()) return true;
        if (Clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

inline std::filesystem::path write_file(const std::filesystem::path& path,
                                        const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

// A new folder, gone with all that is in it when this dies.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "herd-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

// The program under test.
inline std::string herd_binary() {
    const char* const path = std::getenv("HERD_BINARY");
    return path != nullptr ? path : "build/herd/herd";
}

// How a process ended: its exit code, or the negative number of the signal that ended it.
inline int ending_of(int status) {
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// A child process; killed and reaped when this dies, and when the test program does.
class Process {
public:
    struct Options {
        std::string input = {};   // what its standard input says
        rlim_t descriptors = 0;   // as many and no more, also for root; 0: as we may
        std::string folder = {};  // works there; empty: here
    };

    explicit Process(const std::vector<std::string>& command) : Process(command, Options{}) {}
    Process(const std::vector<std::string>& command, const Options& options) {
        write_file(folder_ / "in", options.input);
        std::vector<char*> arguments;
        arguments.reserve(command.size() + 1);
        for (const auto& argument : command)
            arguments.push_back(const_cast<char*>(argument.data()));
        arguments.push_back(nullptr);
        const std::string in = folder_ / "in";
        const std::string out = folder_ / "out";
        const std::string err = folder_ / "err";
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ > 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        redirect(in, O_RDONLY, STDIN_FILENO);
        redirect(out, O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
        redirect(err, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
        if (options.descriptors > 0) limit_descriptors(options.descriptors);
        if (options.folder.empty() || chdir(options.folder.c_str()) == 0) {
            execvp(arguments[0], arguments.data());
        }
        _exit(127);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() {
        if (ending_) return;
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }

    int pid() const { return pid_; }
    void signal(int number) const {
        if (!ending_) kill(pid_, number);
    }

    // See ending_of(); nothing when it does not end in time.
    std::optional<int> wait(Clock::duration time = deadline) {
        eventually([this] { return ended(); }, time);
        return ending_;
    }
    bool ended() {
        int status = 0;
        if (!ending_ && waitpid(pid_, &status, WNOHANG) == pid_) ending_ = ending_of(status);
        return ending_.has_value();
    }

    // What it has written so far.
    std::string out() const { return read_file(folder_ / "out"); }
    std::string err() const { return read_file(folder_ / "err"); }
    // Whether it says so before it ends.
    bool says(const std::string& text, Clock::duration time = deadline) {
        const auto said = [&] { return out().find(text) != std::string::npos; };
        eventually([&] { return said() || ended(); }, time);
        return said();
    }

private:
    static void redirect(const std::string& path, int flags, int to) {
        const int fd = open(path.c_str(), flags | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, to) < 0) _exit(126);
    }
    static void limit_descriptors(rlim_t count) {
        const rlimit limit{count, count};
        constexpr int sys_resource = 24;  // CAP_SYS_RESOURCE, which lets root raise it again
        prctl(PR_CAPBSET_DROP, sys_resource);
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) _exit(125);
    }

    TemporaryFolder folder_;
    int pid_ = -1;
    std::optional<int> ending_;
};

// What a command prints, and how it ends.
struct Ran {
    std::optional<int> code;
    std::string out;
    std::string err;
};
inline Ran run(const std::vector<std::string>& command, const Process::Options& options = {}) {
    Process process(command, options);
    const auto code = process.wait();
    return {code, process.out(), process.err()};
}

// A process that is not ours to reap: whether it still runs.
inline bool runs(int pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t state = stat.rfind(") ");
    return state != std::string::npos && stat[state + 2] != 'Z' && stat[state + 2] != 'X';
}

// The processes that `parent` has started and not reaped yet.
inline std::vector<int> children_of(int parent) {
    const std::string id = std::to_string(parent);
    std::ifstream list("/proc/" + id + "/task/" + id + "/children");
    return {std::istream_iterator<int>(list), {}};
}

inline std::vector<std::string> arguments_of(int pid) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/cmdline");
    std::vector<std::string> arguments;
    for (std::size_t at = 0; at < text.size(); at = text.find('\0', at) + 1) {
        arguments.emplace_back(text.c_str() + at);
    }
    return arguments;
}

}  // namespace live
