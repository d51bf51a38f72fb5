#pragma once

#include "reactor/result.hpp"
#include "reactor/socket.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

// What the program does to processes: every such system call of herd is behind this.
namespace herd::program {

// A child of this process that was started and not reaped yet.
struct ChildProcess {
    int pid = -1;
    reactor::Socket output;  // What it writes to its standard output; non-blocking.
};

// Runs this program with these arguments, in a process group of its own: what is typed at the
// terminal reaches it through us only. It has no input, our standard error, no signal ignored, and
// none blocked but those that it takes care of itself: they wait until it does.
reactor::Acquired<ChildProcess> start_herd(const std::vector<std::string>& arguments);

// Runs another program, found by its name in PATH, and waits for its end: its exit code.
reactor::Result<int> run_program(const std::vector<std::string>& command);

int own_pid();

// The first process of a container inherits whoever has lost his parent, and has to reap them: here
// the system does it. Not for who has children of its own.
void reap_nobody();
// For who has: all that have ended, but these.
void reap_strangers(std::span<const int> own);

// For what start_herd() has started, of which the kernel only knows that it was called "exe": from
// here on it is "herd" in ps and to pkill -x.
void take_name();

// From here on this process is killed as soon as its parent ends. False: that was not `parent`, or
// is not any more.
bool die_with_parent(int parent);

// Bytes of a child's output; 0 = it has ended. Fails with EAGAIN when there are none now.
reactor::Result<std::size_t> read_output(const reactor::Socket& output, std::span<char> buffer);

// A child that is gone already, but not reaped yet, is no matter.
void ask_to_stop(int pid);    // SIGTERM
void ask_to_reopen(int pid);  // its log: SIGHUP
void kill_at_once(int pid);

// How a process ended.
struct Ending {
    int code = 0;    // of its exit
    int signal = 0;  // 0: by itself

    std::string text() const;  // "exit code 1" or "signal 9 (Killed)"
};
// Nothing while the child still runs. Its number may be another's afterwards.
std::optional<Ending> reap(int pid);

}  // namespace herd::program
