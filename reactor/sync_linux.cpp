// The part of reactor::sys that waits for the disk: see sys.hpp.
#include "reactor/calls_linux.hpp"
#include "reactor/sys.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reactor::sys {

namespace {

constexpr std::size_t helper_stack_size = std::size_t{256} << 10;

// A tenth of the share of others, where there is not enough for all.
constexpr int low_priority = 10;

// A pipe takes so much in one piece or not at all, whoever else writes to it.
constexpr std::size_t piece_max = 4096;
static_assert(piece_max <= PIPE_BUF);

// The whole lines at the front that are one piece.
std::string_view piece_of(std::string_view lines) {
    if (lines.size() <= piece_max) return lines;
    const std::size_t end = lines.rfind('\n', piece_max - 1);
    return lines.substr(0, end == std::string_view::npos ? piece_max : end + 1);
}

// Somebody else may have made the descriptor non-blocking: it is theirs, too.
void wait_until_writable(int fd) {
    pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
    static_cast<void>(repeat([&] { return poll(&waiting, 1, -1); }));
}

int write_all(Errand& errand) {
    const bool whole = errand.what == Errand::What::write;
    while (!errand.bytes.empty()) {
        const auto written = write(errand.fd, whole ? errand.bytes : piece_of(errand.bytes));
        if (written) {
            errand.bytes.remove_prefix(*written);
        } else if (written.error().value == EAGAIN) {
            wait_until_writable(errand.fd);
        } else {
            return written.error().value;
        }
    }
    return 0;
}

int punch(const Errand& errand) {
    constexpr int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    const auto begin = static_cast<off_t>(errand.begin);
    const auto size = static_cast<off_t>(errand.end - errand.begin);
    const int returned = repeat([&] { return fallocate(errand.fd, mode, begin, size); });
    return returned < 0 ? errno : 0;
}

int error_of(const Result<void>& done) {
    return done ? 0 : done.error().value;
}

int keep_descriptor(Errand& errand, const Result<int>& fd) {
    if (!fd) return fd.error().value;
    errand.fd = *fd;
    return 0;
}

Result<int> make_file(const char* path) {
    auto fd = open_to_keep(path);
    if (!fd) return fd;
    const auto emptied = truncate(*fd, 0);
    if (emptied) return fd;
    ::close(*fd);
    return std::unexpected(emptied.error());
}

// No link leads to it, as open_to_keep() follows none.
int find(Errand& errand) {
    struct stat named {};
    struct stat open {};
    if (lstat(errand.path, &named) != 0 || fstat(errand.fd, &open) != 0) return errno;
    if (named.st_dev != open.st_dev || named.st_ino != open.st_ino) return EEXIST;
    errand.end = static_cast<std::uint64_t>(open.st_size);
    return 0;
}

int run(Errand& errand) {
    const auto synced = [](int returned) { return returned < 0 ? errno : 0; };
    switch (errand.what) {
        case Errand::What::sync:
            return synced(repeat([&] { return fdatasync(errand.fd); }));
        case Errand::What::sync_folder:
            return synced(repeat([&] { return fsync(errand.fd); }));
        case Errand::What::punch:
            return punch(errand);
        case Errand::What::write:
        case Errand::What::write_lines:
            return write_all(errand);
        case Errand::What::reopen:
            return error_of(reopen_append(errand.fd, errand.path));
        case Errand::What::close:
            ::close(errand.fd);
            return 0;
        case Errand::What::unmap:
            // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): nobody else has them any more.
            unmap_pages(const_cast<char*>(errand.bytes.data()), errand.bytes.size());
            return 0;
        case Errand::What::make:
            return keep_descriptor(errand, make_file(errand.path));
        case Errand::What::open_folder:
            // Whether there is one shows when it is opened.
            static_cast<void>(make_folder(errand.path));
            return keep_descriptor(errand, open_folder(errand.path));
        case Errand::What::rename:
            return error_of(rename(errand.path, errand.to));
        case Errand::What::remove:
            return error_of(remove(errand.path));
        case Errand::What::find:
            return find(errand);
        case Errand::What::call:
            errand.function(errand.argument);
            return 0;
    }
    return EINVAL;
}

// The helper: a datagram is an errand, there and back. Nothing is shared but bytes and paths.
void* help(void* argument) {
    const auto end = static_cast<int>(reinterpret_cast<std::intptr_t>(argument));
    Errand errand;
    while (repeat([&] { return recv(end, &errand, sizeof errand, 0); }) == sizeof errand) {
        errand.error = run(errand);
        const bool opens =
            errand.what == Errand::What::make || errand.what == Errand::What::open_folder;
        const bool told = ::send(end, &errand, sizeof errand, MSG_NOSIGNAL) >= 0;
        // Nobody is there any more to close it.
        if (!told && opens && errand.error == 0) ::close(errand.fd);
    }
    ::close(end);
    return nullptr;
}

// On Linux this is the thread's own, and no other's.
void* help_below_others(void* argument) {
    errno = 0;
    const int before = getpriority(PRIO_PROCESS, 0);
    if (errno == 0) setpriority(PRIO_PROCESS, 0, before + low_priority);
    return help(argument);
}

int start_helper(int end, Priority priority) {
    pthread_attr_t attributes;
    if (const int error = pthread_attr_init(&attributes); error != 0) return error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, helper_stack_size);
    // A new thread has the mask of its maker: signals are for the loop's thread alone.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread{};
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    void* const argument = reinterpret_cast<void*>(static_cast<std::intptr_t>(end));
    auto* const work = priority == Priority::low ? help_below_others : help;
    const int error = pthread_create(&thread, &attributes, work, argument);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    return error;
}

}  // namespace

Result<int> open_helper(Priority priority) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return failure(errno);
    const int error = start_helper(ends[1], priority);
    if (error == 0) return ends[0];
    ::close(ends[0]);
    ::close(ends[1]);
    return failure(error);
}

Result<void> ask(int helper, const Errand& errand) {
    const auto sent =
        repeat([&] { return ::send(helper, &errand, sizeof errand, MSG_DONTWAIT | MSG_NOSIGNAL); });
    return check_done(static_cast<int>(sent));
}

Result<Errand> take_done(int helper) {
    Errand errand;
    const auto got = repeat([&] { return recv(helper, &errand, sizeof errand, MSG_DONTWAIT); });
    if (got < 0) return failure(errno);
    if (got != sizeof errand) return failure(EPIPE);
    return errand;
}

bool await_done(int helper, std::int64_t timeout_ns) {
    constexpr std::int64_t ms = 1'000'000;
    pollfd waiting{.fd = helper, .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, static_cast<int>((timeout_ns + ms - 1) / ms)) > 0;
}

}  // namespace reactor::sys
