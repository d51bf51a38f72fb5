#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

// Real processes for live tests. What should happen is waited for, with a deadline that only a
// failure reaches; nothing here takes the time that something took for a result.
namespace live {

using Clock = std::chrono::steady_clock;
inline constexpr std::chrono::seconds deadline{30};

// Whether `holds` returns true in time. Asks every few milliseconds.
template <class Holds>
bool eventually(Holds holds, Clock::duration time = deadline) {
    const auto end = Clock::now() + time;
    while (true) {
        if (holds()) return true;
        if (Clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::string read_file(const std::filesystem::path& path);
std::filesystem::path write_file(const std::filesystem::path& path, const std::string& text);
// One that only its owner can read.
std::filesystem::path write_secret(const std::filesystem::path& path, const std::string& text);

// A new folder, gone with all that is in it when this dies.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

// The program under test.
std::string herd_binary();

// How a process ended: its exit code, or the negative number of the signal that ended it.
int ending_of(int status);

// A child process; killed and reaped when this dies, and when the test program does.
class Process {
public:
    struct Options {
        std::string input = {};   // what its standard input says
        rlim_t descriptors = 0;   // as many and no more, also for root; 0: as we may
        std::string folder = {};  // works there; empty: here
    };

    explicit Process(const std::vector<std::string>& command);
    Process(const std::vector<std::string>& command, const Options& options);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    int pid() const { return pid_; }
    void signal(int number) const;

    // See ending_of(); nothing when it does not end in time.
    std::optional<int> wait(Clock::duration time = deadline);
    bool ended();

    // What it has written so far.
    std::string out() const { return read_file(folder_ / "out"); }
    std::string err() const { return read_file(folder_ / "err"); }
    // Whether it says so before it ends.
    bool says(const std::string& text, Clock::duration time = deadline);

private:
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
Ran run(const std::vector<std::string>& command, const Process::Options& options = {});

// A process that is not ours to reap: whether it still runs.
bool runs(int pid);
// The processes that `parent` has started and not reaped yet.
std::vector<int> children_of(int parent);
std::vector<std::string> arguments_of(int pid);

}  // namespace live
