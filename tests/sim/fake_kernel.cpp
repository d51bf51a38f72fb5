#include "tests/sim/fake_kernel.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>

namespace sim {

using reactor::failure;
using reactor::Result;
namespace sys = reactor::sys;

namespace {

// 2026-01-01 00:00 UTC: where the wall clocks of all hosts start, but for their skews.
constexpr std::int64_t wall_start_ns = 1'767'225'600'000'000'000;

}  // namespace

FakeKernel* FakeKernel::installed = nullptr;

FakeKernel::FakeKernel(std::uint64_t seed) : previous_(installed), random_(seed) {
    descriptors_.reserve(128);
    installed = this;
}

FakeKernel::~FakeKernel() {
    installed = previous_;
}

FakeKernel& FakeKernel::current() {
    assert(installed != nullptr);
    return *installed;
}

void FakeKernel::advance_to(std::int64_t time_ns) {
    assert(time_ns >= now_);
    now_ = time_ns;
    for (; !arrivals_.empty() && arrivals_.top().first <= now_; arrivals_.pop()) {
        stir(arrivals_.top().second);
    }
}

std::int64_t FakeKernel::wall_ns(Host host) const {
    const auto skew = skews_.find(host);
    return wall_start_ns + now_ + (skew == skews_.end() ? 0 : skew->second);
}

void FakeKernel::stir(Host host) {
    if (host >= stirred_.size()) stirred_.resize(host + 1);
    stirred_[host] = true;
}

void FakeKernel::stir_all() {
    for (const auto& [host, poll] : polls_) stir(host);
}

void FakeKernel::expect(std::int64_t due, Host host) {
    if (due <= now_) return stir(host);
    arrivals_.emplace(due, host);
}

std::optional<std::int64_t> FakeKernel::next_arrival() {
    if (arrivals_.empty()) return std::nullopt;
    return arrivals_.top().first;
}

bool FakeKernel::ready(Host host) {
    const auto poll = polls_.find(host);
    if (poll != polls_.end() && at(poll->second).kind == Kind::poll) {
        for (const int fd : at(poll->second).watched) {
            Descriptor& descriptor = at(fd);
            hear_reset(descriptor);
            if ((readiness(descriptor) & (descriptor.mask | sys::hangup)) != 0) return true;
        }
    }
    if (host < stirred_.size()) stirred_[host] = false;
    return false;
}

void FakeKernel::show_log(std::string_view lines) const {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        // The wall clock's time is left out.
        const std::string_view text = line.substr(std::min(line.find(' ') + 1, line.size()));
        std::printf("%12.3f ms    host %u: %.*s\n",
                    static_cast<double>(now_) / 1e6,
                    host_,
                    static_cast<int>(text.size()),
                    text.data());
    }
}

std::size_t FakeKernel::open_descriptors(Host host) const {
    return static_cast<std::size_t>(
        std::count_if(descriptors_.begin(), descriptors_.end(), [host](const Descriptor& d) {
            return d.kind != Kind::none && d.host == host;
        }));
}

// The lowest free number, as POSIX demands: it is what makes stale events dangerous.
int FakeKernel::allocate(Kind kind) {
    std::size_t fd = 3;
    while (fd < descriptors_.size() && descriptors_[fd].kind != Kind::none) ++fd;
    if (fd >= descriptors_.size()) descriptors_.resize(fd + 1);
    descriptors_[fd].kind = kind;
    descriptors_[fd].host = host_;
    return static_cast<int>(fd);
}

FakeKernel::Descriptor& FakeKernel::at(int fd) {
    assert(fd >= 0 && static_cast<std::size_t>(fd) < descriptors_.size());
    return descriptors_[static_cast<std::size_t>(fd)];
}

FakeKernel::Descriptor* FakeKernel::find(int fd, Kind kind) {
    Descriptor& descriptor = at(fd);
    return descriptor.kind == kind ? &descriptor : nullptr;
}

Result<int> FakeKernel::open_socket() {
    constexpr std::array errors{EMFILE, ENFILE, ENOBUFS, ENOMEM};
    if (faults.socket_fails > 0 && !spares(faults.socket_fails)) {
        return failure(pick_error(errors));
    }
    return allocate(Kind::socket);
}

Result<int> FakeKernel::open_file() {
    return allocate(Kind::file);
}

Result<int> FakeKernel::open_poll() {
    const int fd = allocate(Kind::poll);
    polls_[host_] = fd;
    return fd;
}

int FakeKernel::open_mailbox() {
    const int fd = allocate(Kind::socket);
    at(fd).state = State::connected;
    at(fd).peer_host = host_;
    at(fd).mailbox = true;
    return fd;
}

void FakeKernel::put(int mailbox,
                     std::string message,
                     std::int64_t delay_ns,
                     std::int64_t not_before_ns) {
    Descriptor& box = at(mailbox);
    const std::int64_t last = box.inbox.empty() ? now_ : box.inbox.back().due;
    const std::int64_t begin = std::max({now_, last, not_before_ns});
    expect(begin + delay_ns, box.host);
    box.inbox.push({.due = begin + delay_ns, .bytes = std::move(message)});
}

std::optional<std::string> FakeKernel::take(int mailbox) {
    Descriptor& box = at(mailbox);
    if (!has_arrived(box)) return std::nullopt;
    std::string message = std::move(box.inbox.front().bytes);
    box.inbox.pop();
    return message;
}

void FakeKernel::hurry_mailboxes(Host host) {
    for (Descriptor& descriptor : descriptors_) {
        if (descriptor.mailbox && descriptor.host == host) descriptor.inbox.hurry(now_);
    }
    stir(host);
}

void FakeKernel::close(int fd) {
    Descriptor& descriptor = at(fd);
    assert(descriptor.kind != Kind::none);
    if (descriptor.kind == Kind::socket) {
        if (descriptor.mailbox)
            std::erase_if(datagram_ports_, [&](const auto& each) { return each.second == fd; });
        drop_connection(descriptor);
    } else if (descriptor.kind == Kind::listener) {
        listeners_.erase(descriptor.local.port);
        for (const auto& [due, accepted] : descriptor.backlog) {
            reset_peer(at(accepted), {.due = now_});
            at(accepted) = Descriptor{};
        }
    } else if (descriptor.kind == Kind::poll) {
        for (const int watched : descriptor.watched) at(watched).poll = -1;
    }
    unwatch(fd);
    at(fd) = Descriptor{};
}

void FakeKernel::unwatch(int fd) {
    const int poll = std::exchange(at(fd).poll, -1);
    if (poll >= 0) std::erase(at(poll).watched, fd);
}

Result<void> FakeKernel::poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    Descriptor& descriptor = at(fd);
    if (descriptor.kind == Kind::none) return failure(EBADF);
    if (descriptor.poll == poll) return failure(EEXIST);
    assert(descriptor.poll < 0);
    descriptor.poll = poll;
    descriptor.mask = mask;
    descriptor.data = data;
    at(poll).watched.push_back(fd);
    stir(descriptor.host);
    return {};
}

Result<void> FakeKernel::poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    Descriptor& descriptor = at(fd);
    if (descriptor.poll != poll) return failure(ENOENT);
    descriptor.mask = mask;
    descriptor.data = data;
    stir(descriptor.host);
    return {};
}

Result<void> FakeKernel::poll_remove(int poll, int fd) {
    if (at(fd).poll != poll) return failure(ENOENT);
    unwatch(fd);
    return {};
}

std::uint32_t FakeKernel::readiness(const Descriptor& descriptor) {
    if (descriptor.kind == Kind::listener) {
        const bool waiting =
            !descriptor.backlog.empty() && descriptor.backlog.front().first <= now_;
        return waiting ? sys::readable : 0;
    }
    if (descriptor.kind != Kind::socket) return 0;
    if (descriptor.state == State::failed) return sys::readable | sys::writable | sys::hangup;
    if (descriptor.state == State::connecting) {
        return now_ >= descriptor.settled_at ? sys::writable : 0;
    }
    if (descriptor.state != State::connected) return 0;
    std::uint32_t mask = 0;
    const bool arrived = has_arrived(descriptor) && reaches_low_water(descriptor);
    if (descriptor.ended || arrived) mask |= sys::readable;
    if (descriptor.write_shut && end_has_arrived(descriptor)) mask |= sys::hangup;
    if ((descriptor.mask & sys::writable) != 0 && has_space(descriptor)) mask |= sys::writable;
    return mask;
}

std::size_t FakeKernel::wait(int poll, std::span<sys::Event> events) {
    static std::vector<sys::Event> found;
    found.clear();
    for (std::size_t i = 0; i < at(poll).watched.size(); ++i) {
        const int fd = at(poll).watched[i];
        if (at(fd).kind == Kind::socket) settle(at(fd), fd);
        hear_reset(at(fd));
        const Descriptor& descriptor = at(fd);
        const std::uint32_t mask = readiness(descriptor) & (descriptor.mask | sys::hangup);
        // A connect still under way after settle() was held up by a cut.
        if (mask != 0 && descriptor.state != State::connecting) {
            found.push_back({mask, descriptor.data});
        }
    }
    for (std::size_t i = found.size(); i > 1; --i) {
        std::swap(found[i - 1], found[random_.below(i)]);
    }
    const std::size_t count = std::min(found.size(), events.size());
    std::copy_n(found.begin(), count, events.begin());
    return count;
}

}  // namespace sim
