#pragma once

#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/pages.hpp"
#include "reactor/ports.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/time.hpp"
#include "reactor/time_histogram.hpp"
#include "reactor/timer_heap.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace reactor {

class Loop;
class Timer;

enum class Interest : std::uint8_t { none = 0, read = 1, write = 2, both = 3 };

// What the kernel said of a descriptor. `hangup` (reset, or both directions ended) comes whatever
// the interest was.
struct Ready {
    bool readable = false;
    bool writable = false;
    bool hangup = false;
};

// What a watch calls, in the dispatch phase. It may begin and end any watch, its own as well, and
// close what it watched; it may not run the loop. What it is bound to outlives the watch: from the
// end of that on it is not called, not even for an event that the kernel has reported already.
using Handler = Delegate<void(Ready)>;

// Whose descriptor it is. A guest library (libcurl) closes and reopens its descriptors behind our
// back, so for its watches the kernel's ENOENT, EEXIST and EBADF are no surprise.
enum class Ownership : std::uint8_t { ours, guest };

// Names one descriptor's registration with a loop. Whoever begins one ends it.
enum class WatchId : std::uint32_t { none = UINT32_MAX };

// Such a registration, held by whoever owns the descriptor. Move-only; ends when stopped or
// destroyed. Stop it before the descriptor is closed.
class Watch {
public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { stop(); }

    // No system call when nothing changes.
    void want(Interest interest);
    void stop();
    bool active() const { return loop_ != nullptr; }

private:
    friend class Loop;

    struct Entry {
        Handler handler;
        int fd = -1;
        Interest interest = Interest::none;
        Ownership ownership = Ownership::ours;
        bool registered = false;  // The kernel knows the descriptor.
    };

    Watch(Loop& loop, WatchId id) : loop_(&loop), id_(id) {}

    Loop* loop_ = nullptr;
    WatchId id_ = WatchId::none;
};

// When, within an iteration, a task runs. See Loop.
enum class Phase : std::uint8_t { work, flush, reclaim };

// A call put off to a later phase of this iteration. Pinned; cancelled when destroyed.
// For what is to be done once, however often it is asked for: handlers post() it and go on, and
// `run` finds what they left for it. The owner of the task is what `run` is bound to.
class Task : public ListItem<Task> {
public:
    Task(Loop& loop, Phase phase, Delegate<void()> run) : loop_(loop), phase_(phase), run_(run) {}
    ~Task() { cancel(); }

    // Idempotent. Posted while its own phase runs, it waits for the next iteration.
    void post();
    void cancel();

private:
    friend class Loop;

    Loop& loop_;
    Phase phase_;
    Delegate<void()> run_;
};

// One thread's reactor. Each iteration has five phases:
//   1 poll     wait for the kernel: until the next timer at most, not at all with work posted
//   2 dispatch at most `events_max` events, each to its handler
//   3 timers   those due; one started meanwhile waits for the next iteration
//   4 tasks    Phase::work, then Phase::flush: what all the handlers had to say is sent at once
//   5 reclaim  Phase::reclaim: slots of what died in this iteration are given back
// epoll holds generation handles, never pointers: an event for a watch that has been stopped, even
// in the same batch, is a lookup that fails. So `this` of a handler stays valid until phase 5.
//
// Usage: the loop first, and last to die; whatever is bound to it is opened when it is.
//
//   Loop loop;
//   if (auto opened = loop.open({.watches = 100, .timers = 10}); !opened) return opened.error();
//   Listener listener(loop, Delegate<void(Socket)>::to<&Server::on_client>(server));
//   Timer tick(loop, Delegate<void()>::to<&Server::on_tick>(server));
//   if (auto bound = listener.listen(address, SocketProfile::client); !bound) return bound.error();
//   tick.start(std::chrono::seconds(1));
//   loop.run();  // Until some handler calls loop.stop().
class Loop {
public:
    struct Limits {
        std::uint32_t watches = 1024;
        std::uint32_t timers = 256;
    };
    static constexpr std::uint32_t events_max = 64;
    static constexpr std::uint32_t guests_max = 256;  // guest watches at a time
    static constexpr std::size_t watch_size = Slab<Watch::Entry>::slot_size;  // of memory

    Loop() = default;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    // Once, first. With `spin`, polling never sleeps: for those who give the server a core.
    Result<void> open(const Limits& limits, bool spin = false);

    // ENOSPC when all watches are taken, otherwise what the kernel says.
    Acquired<Watch> watch(int fd,
                          Interest interest,
                          Handler handler,
                          Ownership ownership = Ownership::ours);

    // The same without a Watch, for those of whom there are thousands.
    Result<WatchId> begin_watch(int fd, Interest interest, Handler handler, Ownership ownership);
    // No system call when nothing changes.
    void want(WatchId id, Interest interest);
    void end_watch(WatchId id);

    void run();
    void run_once();
    void stop() { running_ = false; }

    // Sampled once per iteration.
    Instant now() const { return now_; }

    // How long iterations took, from the end of their wait for the kernel to the next one.
    const TimeHistogram& iterations() const { return iterations_; }

    // Where those listen that are bound to this loop.
    Ports& ports() { return ports_; }

    // When run_once() would return though no descriptor becomes ready: now() if something is
    // posted, Instant::max() if never. A simulation advances its clock by this.
    Instant wakes_at() const;

private:
    friend class Task;
    friend class Timer;
    using Entry = Watch::Entry;

    // From 100 microseconds to a second.
    static constexpr std::array<Duration, 12> iteration_bounds = {
        std::chrono::microseconds(100),
        std::chrono::microseconds(250),
        std::chrono::microseconds(500),
        std::chrono::microseconds(1'000),
        std::chrono::microseconds(2'500),
        std::chrono::microseconds(5'000),
        std::chrono::microseconds(10'000),
        std::chrono::microseconds(25'000),
        std::chrono::microseconds(50'000),
        std::chrono::microseconds(100'000),
        std::chrono::microseconds(250'000),
        std::chrono::microseconds(1'000'000)};

    void poll();
    void set_alarm(Instant due);
    void dispatch(std::uint64_t data, std::uint32_t mask);
    void expire_timers();
    void run_tasks(Phase phase);
    void reregister(Entry& entry, Interest interest) const;
    void deregister(Entry& entry) const;
    void void_guest(int fd);
    void forget_guest(Handle<Entry> handle);

    int poll_ = -1;
    int alarm_ = -1;
    Instant alarm_at_{};  // What it was last set for; no later than a timer's due when we wait.
    bool running_ = false;
    bool spin_ = false;
    bool polled_ = false;
    Instant now_{};
    TimeHistogram iterations_{iteration_bounds};
    Slab<Entry> watches_;
    Handle<Entry> guests_[guests_max];
    std::uint32_t guest_count_ = 0;
    TimerHeap timers_;
    Ports ports_;
    List<Task> tasks_[3];  // By phase.
};

}  // namespace reactor
