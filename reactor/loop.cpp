#include "reactor/loop.hpp"

#include "reactor/sys.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace reactor {

namespace {

std::uint32_t mask_of(Interest interest) {
    const auto bits = std::to_underlying(interest);
    return ((bits & 1) != 0 ? sys::readable : 0) | ((bits & 2) != 0 ? sys::writable : 0);
}

}  // namespace

Watch::Watch(Watch&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(id_, other.id_);
    return *this;
}

void Watch::want(Interest interest) {
    assert(active());
    loop_->want(id_, interest);
}

void Watch::stop() {
    if (active()) std::exchange(loop_, nullptr)->end_watch(id_);
}

void Task::post() {
    if (!linked()) loop_.tasks_[std::to_underlying(phase_)].push_back(*this);
}

void Task::cancel() {
    if (linked()) unlink();
}

Loop::~Loop() {
    if (alarm_ >= 0) sys::close(alarm_);
    if (poll_ >= 0) sys::close(poll_);
}

Result<void> Loop::open(const Limits& limits, bool spin) {
    assert(poll_ < 0);
    if (auto mapped = watches_.map(limits.watches); !mapped) return mapped;
    if (auto mapped = timers_.map(limits.timers); !mapped) return mapped;
    auto poll = sys::open_poll();
    if (!poll) return std::unexpected(poll.error());
    poll_ = *poll;
    auto alarm = sys::open_alarm(poll_, Handle<Entry>().bits());
    if (!alarm) return std::unexpected(alarm.error());
    alarm_ = *alarm;
    spin_ = spin;
    now_ = Instant(Duration(sys::monotonic_ns()));
    return {};
}

Acquired<Watch> Loop::watch(int fd, Interest interest, Handler handler, Ownership ownership) {
    const auto id = begin_watch(fd, interest, handler, ownership);
    if (!id) return std::unexpected(id.error());
    return Watch(*this, *id);
}

Result<WatchId> Loop::begin_watch(int fd, Interest interest, Handler handler, Ownership ownership) {
    assert(fd >= 0);
    assert(handler);
    void_guest(fd);
    if (ownership == Ownership::guest && guest_count_ == guests_max) return failure(ENOSPC);
    Entry* entry = watches_.emplace();
    if (entry == nullptr) return failure(ENOSPC);
    *entry = {handler, fd, interest, ownership, false};
    const auto handle = watches_.handle(*entry);
    auto added = sys::poll_add(poll_, fd, mask_of(interest), handle.bits());
    if (!added && ownership == Ownership::guest && added.error().value == EEXIST) {
        added = sys::poll_change(poll_, fd, mask_of(interest), handle.bits());
    }
    if (!added) {
        watches_.release(*entry);
        return std::unexpected(added.error());
    }
    assert(watches_.find(handle) == entry);
    entry->registered = true;
    if (ownership == Ownership::guest) guests_[guest_count_++] = handle;
    return WatchId{handle.index};
}

void Loop::want(WatchId id, Interest interest) {
    Entry& entry = watches_[std::to_underlying(id)];
    if (entry.fd < 0) return;
    if (entry.registered && entry.interest == interest) return;
    if (!entry.registered && interest == Interest::none) {
        // Registered again, a hang-up would be reported again.
        entry.interest = interest;
        return;
    }
    reregister(entry, interest);
}

void Loop::end_watch(WatchId id) {
    Entry& entry = watches_[std::to_underlying(id)];
    deregister(entry);
    if (entry.ownership == Ownership::guest) forget_guest(watches_.handle(entry));
    watches_.release(entry);
}

void Loop::reregister(Entry& entry, Interest interest) const {
    assert(entry.fd >= 0);
    const std::uint32_t mask = mask_of(interest);
    const std::uint64_t data = watches_.handle(entry).bits();
    auto done = entry.registered ? sys::poll_change(poll_, entry.fd, mask, data)
                                 : sys::poll_add(poll_, entry.fd, mask, data);
    if (!done && entry.ownership == Ownership::guest && done.error().value == ENOENT) {
        done = sys::poll_add(poll_, entry.fd, mask, data);
    }
    if (!done && entry.ownership == Ownership::ours) die("epoll_ctl", done.error());
    entry.registered = done.has_value();
    entry.interest = interest;
}

void Loop::deregister(Entry& entry) const {
    if (!entry.registered) return;
    entry.registered = false;
    auto removed = sys::poll_remove(poll_, entry.fd);
    if (!removed && entry.ownership == Ownership::ours) die("epoll_ctl", removed.error());
}

// A guest may have closed `fd` unseen and the kernel given its number to a newcomer: what the guest
// still says of that number must not reach the newcomer.
void Loop::void_guest(int fd) {
    for (std::uint32_t i = 0; i < guest_count_; ++i) {
        Entry* entry = watches_.find(guests_[i]);
        if (entry == nullptr || entry->fd != fd) continue;
        deregister(*entry);
        entry->fd = -1;
    }
}

void Loop::forget_guest(Handle<Entry> handle) {
    auto* end = guests_ + guest_count_;
    auto* found = std::find(guests_, end, handle);
    assert(found != end);
    *found = guests_[--guest_count_];
}

void Loop::run() {
    running_ = true;
    while (running_) run_once();
}

void Loop::run_once() {
    assert(poll_ >= 0);
    poll();
    expire_timers();
    run_tasks(Phase::work);
    run_tasks(Phase::flush);
    run_tasks(Phase::reclaim);
}

Instant Loop::wakes_at() const {
    for (const auto& tasks : tasks_) {
        if (!tasks.empty()) return now_;
    }
    return timers_.next();
}

void Loop::poll() {
    const Instant wake = wakes_at();
    const bool waits = !spin_ && wake > now_;
    if (polled_) iterations_.note(Instant(Duration(sys::monotonic_ns())) - now_);
    polled_ = true;
    if (waits) set_alarm(wake);
    sys::Event events[events_max];
    const auto count =
        sys::wait(poll_, events, waits ? sys::Wait::for_events : sys::Wait::not_at_all);
    if (!count) die("epoll_wait", count.error());
    assert(*count <= events_max);
    now_ = Instant(Duration(sys::monotonic_ns()));
    for (std::size_t i = 0; i < *count; ++i) dispatch(events[i].data, events[i].mask);
}

// An alarm set for an earlier time than is needed now just goes off, and is set anew then.
void Loop::set_alarm(Instant due) {
    assert(due > now_);
    const bool set_before = alarm_at_ > now_ && alarm_at_ <= due;
    if (due == Instant::max() || set_before) return;
    alarm_at_ = due;
    sys::set_alarm(alarm_, due.time_since_epoch().count());
}

void Loop::dispatch(std::uint64_t data, std::uint32_t mask) {
    Entry* entry = watches_.find(Handle<Entry>::from_bits(data));
    if (entry == nullptr || !entry->registered) return;
    const Ready ready{
        (mask & sys::readable) != 0, (mask & sys::writable) != 0, (mask & sys::hangup) != 0};
    // The kernel reports a hang-up whatever the interest: level-triggered, it would do so for ever.
    if (ready.hangup && entry->interest == Interest::none) deregister(*entry);
    const Handler handler = entry->handler;
    handler(ready);
}

void Loop::expire_timers() {
    List<TimerHeap::Entry> due;
    timers_.take_due(now_, due);
    while (TimerHeap::Entry* entry = due.pop()) static_cast<Timer*>(entry)->expired_();
}

void Loop::run_tasks(Phase phase) {
    List<Task> posted;
    posted.steal(tasks_[std::to_underlying(phase)]);
    while (Task* task = posted.pop()) task->run_();
}

}  // namespace reactor
