#pragma once

#include "reactor/address.hpp"
#include "reactor/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// Every system call of the project, and the seam where a simulation takes the kernel's place: the
// program links the files ..._linux.cpp, a simulation links a fake with the same names.
// Nothing here blocks but wait(), await_done() and look_up(). Calls interrupted by a signal are
// repeated here and nowhere else.
namespace reactor::sys {

// Memory. A page of what is mapped is taken from the machine when it is touched; with
// take_pages_at_once(), all that is mapped from then on is taken at once, in large pages where the
// kernel has some, and what the machine has not left is refused (ENOMEM).
void take_pages_at_once(bool wanted);
Result<void*> map_pages(std::size_t size);
void unmap_pages(void* start, std::size_t size);
// Advice: what has been touched of it moves to large pages now, where the kernel has some (it
// copies 2 MiB in a fraction of a millisecond), and the rest gets some when it is touched.
void use_large_pages(void* start, std::size_t size);
// Whole pages have no memory any more until they are touched again, and are zero then. Nothing
// happens where take_pages_at_once() is in force.
void give_pages_back(void* start, std::size_t size);

// Time and chance.
std::int64_t monotonic_ns();
std::int64_t wall_ns();  // since 1970-01-01 UTC, leap seconds ignored
inline std::int64_t wall_s() {
    return wall_ns() / 1'000'000'000;
}
std::uint64_t random_bits();

// Sockets: TCP, non-blocking, closed on exec.
enum class Option : std::uint8_t {
    reuse_address,
    no_delay,
    keep_alive,
    keep_alive_idle_s,
    keep_alive_interval_s,
    keep_alive_count,
    user_timeout_ms,  // how long sent bytes may stay unacknowledged
    send_buffer_size,
    receive_buffer_size,
    unsent_low_water,  // "writable" means that fewer unsent bytes than this are in the kernel
    quick_ack,         // what comes next is acknowledged at once
    // "readable" means that so many bytes have come, or the end. At first 1.
    receive_low_water,
    late_port,  // bind() to port 0 takes none: connect() does, and may take one that others have
};
Result<int> open_socket(bool v6);
Result<void> set_option(int fd, Option option, int value);
Result<void> bind(int fd, const Address& address);
Result<void> listen(int fd, int backlog);
Result<int> accept(int fd);
Result<void> connect(int fd, const Address& address);  // EINPROGRESS is the usual failure
Result<void> take_error(int fd);                       // SO_ERROR: fails with the pending error
Result<Address> local_address(int fd);
Result<Address> peer_address(int fd);
Result<std::size_t> receive(int fd, std::span<char> buffer);  // 0 = the peer has ended
Result<std::size_t> peek(int fd, std::span<char> buffer);     // the same, and they stay there
Result<std::size_t> send(int fd, std::string_view bytes);     // never raises SIGPIPE
void shutdown_write(int fd);
void close(int fd);
// The addresses of a host, by its name, in the order in which to try them; as many as there is room
// for, each once. Asks whomever the machine asks, and waits for that: for a helper, or before there
// is a loop. Fails with no_such_name, or with no_name_server: it may be found later.
inline constexpr int no_such_name = 61;    // ENODATA
inline constexpr int no_name_server = 11;  // EAGAIN
Result<std::size_t> look_up(const char* name, std::uint16_t port, std::span<Address> into);
// What another process has opened and handed down: from here on as if it had been opened here. Only
// of a bound stream that is not connected, or of bound datagrams (IPv4 or IPv6); not_a_port is
// anything else.
inline constexpr int not_a_port = 88;  // ENOTSOCK
enum class SocketKind : std::uint8_t { stream, datagrams };
Result<SocketKind> take_over(int fd);

// Datagrams: UDP, non-blocking, closed on exec.
Result<int> open_datagrams(bool v6);
struct Datagram {
    Address from;  // as it says
    std::string_view bytes;
    bool cut = false;  // there was more than there was room for
};
inline constexpr std::size_t datagrams_max = 32;  // at a time
// Those that have come, each into an equal part of `room`; as many as `into` takes, at most
// datagrams_max. EAGAIN: none.
Result<std::size_t> receive_datagrams(int fd, std::span<char> room, std::span<Datagram> into);

// Readiness, level-triggered. The 64 bits of `data` come back with each event.
inline constexpr std::uint32_t readable = 1;
inline constexpr std::uint32_t writable = 4;
inline constexpr std::uint32_t hangup = 8 | 16;
struct __attribute__((packed)) Event {
    std::uint32_t mask;
    std::uint64_t data;
};
Result<int> open_poll();
Result<void> poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data);
Result<void> poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data);
Result<void> poll_remove(int poll, int fd);
// Waits until there are events, or only looks; an interrupted wait returns 0 events.
enum class Wait : std::uint8_t { for_events, not_at_all };
Result<std::size_t> wait(int poll, std::span<Event> events, Wait wait);
// An alarm makes one event with `data` when its time (of monotonic_ns, above 0) has come. A wait
// with a time limit would set and stop a timer of the kernel's each time, which costs microseconds
// under a hypervisor; an alarm stays set.
Result<int> open_alarm(int poll, std::uint64_t data);
void set_alarm(int alarm, std::int64_t due_ns);

// Signals: TERM, INT and HUP arrive at the descriptor instead of ending the process; PIPE and XFSZ
// are ignored, as the calls that raise them say what is wrong.
inline constexpr int hang_up_signal = 1;  // HUP
inline constexpr int user_signal = 10;    // USR1
Result<int> open_signals(bool with_user);
// For the time before that, as early as can be: HUP waits until it can arrive, and TERM and INT end
// the process at once, with exit code 0. Whoever is not going to open_signals() lets go again. May
// be called again, and before main().
void hold_signals();
void release_signals();
Result<int> take_signal(int fd);

// Opens /dev/null in place of closed standard streams: otherwise our first socket or file would be
// taken for one. First of all.
void open_standard_descriptors();

// The limit on open descriptors is raised to `wanted` where that is allowed; returns the limit in
// force, which may be smaller.
Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted);

// All files are regular ones, and no link at the last part of a path is followed: ELOOP, or
// not_a_file.
inline constexpr int not_a_file = 95;  // EOPNOTSUPP
// For logs: appended to, created with mode 0640; the folder is created where missing.
Result<void> make_folder(const char* path);
Result<int> open_append(const char* path);
// Whether the last line of the file has no end: whoever wrote it was cut short. False where that
// cannot be told.
bool ends_torn(const char* path);
// As open_append(), in place of what `fd` was, which is closed; it stays what it was on failure. If
// another file than that ends torn, its last line is ended first, as far as there is room.
Result<void> reopen_append(int fd, const char* path);
Result<std::size_t> write(int fd, std::string_view bytes);

// Files to be kept. The kernel has what was written at once; the disk has it when a helper says so.
// While one syncs a file, a write to it may wait for the disk.
Result<int> open_to_read(const char* path);
// To read, and to write at the end; created with mode 0600. EAGAIN: somebody has it open like that.
Result<int> open_to_keep(const char* path);
// Whether somebody keeps it who has opened it so; also false when nobody can tell.
bool is_kept(const char* path);
// A secret, to read: not_private if everybody on this machine may read or change it. `shared`:
// whoever may, and where a link leads to.
inline constexpr int not_private = 1;  // EPERM
Result<int> open_secret(const char* path, bool shared);
// A new one, to write, with mode 0600. EEXIST: there is something of that name already.
Result<int> make_secret(const char* path);
// Of this process nobody gets a core dump from here on, nor looks into its memory (but root).
void forbid_dumps();
Result<int> open_folder(const char* path);                 // to sync it
Result<std::size_t> read(int fd, std::span<char> buffer);  // 0 = the end
// From where a file is read to behind the hole there; how many bytes that is. 0, also where the
// file system knows of none.
std::uint64_t skip_hole(int fd);
Result<void> truncate(int fd, std::uint64_t size);
// `to` is another name of the file. EEXIST: there is something of that name already.
Result<void> link(const char* from, const char* to);
Result<void> rename(const char* from, const char* to);
Result<void> remove(const char* path);

// Who started this process and looks after it, systemd for one, at the address of a datagram
// socket: a path, or "@" and a name without one. It is told in one piece, and nobody waits for it.
Result<int> open_notifier(std::string_view address);
// Along with it goes a descriptor of ours, which stays ours, too; -1: none.
Result<void> notify(int notifier, std::string_view message, int descriptor);
// Whether it is the file, socket or pipe of these numbers.
bool is_file(int fd, std::uint64_t device, std::uint64_t number);

// What the system says of this process.
struct Process {
    std::int64_t cpu_ns = 0;  // of all its threads, since its start
    std::uint64_t resident_bytes = 0;
    std::uint64_t descriptors =
        0;  // open ones; 0: an old kernel, which would count them one by one
    std::uint64_t descriptors_max = 0;
};
Process process();

// What waits for the disk, or takes long, is done by a helper, a thread that does nothing else: one
// errand after the other, in the order asked.
struct Errand {
    enum class What : std::uint8_t {
        sync,         // what the file says is on the disk
        sync_folder,  // which names it has
        punch,        // bytes `begin` to `end` of the file become a hole, which reads as zeros
        write,        // all of `bytes`; what is left of them comes back
        write_lines,  // the same, and nobody else's bytes get into a line of up to 4 KiB
        reopen,       // `fd` at `path`, as reopen_append() does
        close,
        make,         // the file `path`, empty, as open_to_keep() does; `fd` comes back
        open_folder,  // `path`, which is made where it is missing; `fd` comes back
        rename,       // from `path` to `to`
        remove,       // `path`
        find,         // `path`: its size comes back in `end`; EEXIST: it is another file than `fd`
        unmap,        // `bytes`, whole pages
        call,         // `function`, with `argument`: which nobody else touches meanwhile
    };
    What what = What::sync;
    int fd = -1;
    // These stay where they are until it is done.
    std::string_view bytes = {};
    const char* path = nullptr;
    const char* to = nullptr;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    void (*function)(void* argument) = nullptr;
    void* argument = nullptr;
    std::uint64_t token = 0;  // comes back
    int error = 0;            // of an errand that is done; 0: none
};
// Its descriptor is readable when an errand is done. close() ends it, when it has done what it was
// asked. One of a low priority computes when others leave it time to, and a little always.
enum class Priority : std::uint8_t { usual, low };
Result<int> open_helper(Priority priority);
Result<void> ask(int helper, const Errand& errand);  // EAGAIN: too much is asked already
Result<Errand> take_done(int helper);                // EAGAIN: nothing is done yet
// Waits for an errand to be done, but not for ever; false when none is.
bool await_done(int helper, std::int64_t timeout_ns);

}  // namespace reactor::sys
