#include "reactor/calls_linux.hpp"
#include "reactor/pages.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace reactor::sys {

namespace {

static_assert(readable == EPOLLIN);
static_assert(writable == EPOLLOUT);
static_assert(hangup == (EPOLLERR | EPOLLHUP));
static_assert(sizeof(Event) == sizeof(epoll_event));

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t read_clock(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<void> control(int poll, int operation, int fd, std::uint32_t mask, std::uint64_t data) {
    epoll_event event{};
    event.events = mask;
    event.data.u64 = data;
    return check_done(epoll_ctl(poll, operation, fd, &event));
}

// Whether pages are taken when they are mapped.
bool at_once = false;

// What could be taken now, in bytes, without anybody's harm; asked first, as the kernel promises
// more than there is, and would end some process in the middle of taking it.
std::uint64_t memory_left() {
    std::array<char, 1024> text{};
    const int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return UINT64_MAX;
    static_cast<void>(repeat([&] { return ::read(fd, text.data(), text.size() - 1); }));
    close(fd);
    constexpr std::string_view key = "MemAvailable:";
    const char* const found = std::strstr(text.data(), key.data());
    return found == nullptr ? UINT64_MAX : std::strtoull(found + key.size(), nullptr, 10) << 10;
}

Result<void> take_pages(void* start, std::size_t size) {
    constexpr int populate = 23;  // MADV_POPULATE_WRITE, since Linux 5.14
    madvise(start, size, MADV_HUGEPAGE);
    const auto taken = repeat([&] { return madvise(start, size, populate); });
    if (taken == 0 || errno != EINVAL) return check_done(taken);
    auto* const bytes = static_cast<volatile char*>(start);
    for (std::size_t at = 0; at < size; at += Pages::small_page) bytes[at] = 0;
    return {};
}

}  // namespace

void take_pages_at_once(bool wanted) {
    at_once = wanted;
}
Result<void*> map_pages(std::size_t size) {
    if (at_once && size > memory_left()) return failure(ENOMEM);
    // NORESERVE: capacities are ceilings, and what nobody touches is never needed.
    void* start = mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return failure(errno);
    if (!at_once) return start;
    if (const auto taken = take_pages(start, size); !taken) {
        munmap(start, size);
        return failure(taken.error().value);
    }
    return start;
}

void unmap_pages(void* start, std::size_t size) {
    munmap(start, size);
}
void use_large_pages(void* start, std::size_t size) {
    constexpr int collapse = 25;  // MADV_COLLAPSE, since Linux 6.1; glibc 2.36 does not name it
    madvise(start, size, MADV_HUGEPAGE);
    madvise(start, size, collapse);
}
void give_pages_back(void* start, std::size_t size) {
    if (!at_once) madvise(start, size, MADV_DONTNEED);
}

std::int64_t monotonic_ns() {
    return read_clock(CLOCK_MONOTONIC);
}
std::int64_t wall_ns() {
    return read_clock(CLOCK_REALTIME);
}

std::uint64_t random_bits() {
    std::uint64_t bits = 0;
    const auto got = repeat([&] { return getrandom(&bits, sizeof bits, 0); });
    if (got != sizeof bits) die("getrandom", Errno{errno});
    return bits;
}

Result<int> open_poll() {
    return check(epoll_create1(EPOLL_CLOEXEC));
}

Result<void> poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    return control(poll, EPOLL_CTL_ADD, fd, mask, data);
}

Result<void> poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    return control(poll, EPOLL_CTL_MOD, fd, mask, data);
}

Result<void> poll_remove(int poll, int fd) {
    return control(poll, EPOLL_CTL_DEL, fd, 0, 0);
}

Result<std::size_t> wait(int poll, std::span<Event> events, Wait wait) {
    auto* system = reinterpret_cast<epoll_event*>(events.data());
    const int timeout = wait == Wait::for_events ? -1 : 0;
    const int count = epoll_wait(poll, system, static_cast<int>(events.size()), timeout);
    if (count < 0 && errno == EINTR) return 0;
    return check_size(count);
}

Result<int> open_alarm(int poll, std::uint64_t data) {
    auto alarm = check(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!alarm) return alarm;
    // Edge-triggered, nobody needs to read it.
    auto added = control(poll, EPOLL_CTL_ADD, *alarm, EPOLLIN | EPOLLET, data);
    if (added) return alarm;
    ::close(*alarm);
    return std::unexpected(added.error());
}

void set_alarm(int alarm, std::int64_t due_ns) {
    itimerspec due{};
    due.it_value = {due_ns / second_ns, due_ns % second_ns};
    timerfd_settime(alarm, TFD_TIMER_ABSTIME, &due, nullptr);
}

static_assert(SIGHUP == hang_up_signal);
static_assert(SIGUSR1 == user_signal);

namespace {

void end_at_once(int) {
    _exit(0);
}

void set_hold(int how, void (*ending)(int)) {
    for (const int ends : {SIGTERM, SIGINT}) {
        // A shell has those that it leaves running ignore INT.
        if (signal(ends, ending) == SIG_IGN) signal(ends, SIG_IGN);
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(how, &set, nullptr);
}

}  // namespace

void hold_signals() {
    set_hold(SIG_BLOCK, end_at_once);
}

void release_signals() {
    set_hold(SIG_UNBLOCK, SIG_DFL);
}

Result<int> open_signals(bool with_user) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (with_user) sigaddset(&set, SIGUSR1);
    if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return failure(errno);
    return check(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

Result<int> take_signal(int fd) {
    signalfd_siginfo info{};
    const auto got = repeat([&] { return ::read(fd, &info, sizeof info); });
    if (got < 0) return failure(errno);
    return static_cast<int>(info.ssi_signo);
}

void open_standard_descriptors() {
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDWR);
    if (fd >= 0) ::close(fd);
}

Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return failure(errno);
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    rlimit raised{wanted, std::max<rlim_t>(limit.rlim_max, wanted)};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
    raised = {std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) < 0) return failure(errno);
    return raised.rlim_cur;
}

}  // namespace reactor::sys
