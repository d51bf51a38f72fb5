#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/places/curl_watches.hpp"
#include "herd/places/fetcher.hpp"
#include "reactor/helper.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/timer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace herd::places {

struct CurlLibrary;

// HTTP through libcurl: one multi handle whose descriptors and timer the loop drives, and one easy
// handle and body buffer per slot. Connections are kept alive and used again. It is loaded by the
// first prepare(), on a thread of its own.
//
// libcurl refuses, or misbehaves, when it is called from its own callbacks: so these only record,
// and results leave from a task. It is the one part of the program that allocates after start
// (some forty small blocks per transfer), and that has another thread now and then, to look up a
// host's name. One of its kind per process; the loop outlives it.
class CurlFetcher final : public Fetcher {
public:
    // One transfer may need two connections at a time (IPv6 and IPv4) and the resolver's pipe.
    static constexpr std::uint32_t slots_max = CurlWatches::size_max / 3;
    static_assert(slots_max == config::places_in_flight_max);
    // A resolver that hangs keeps a thread for each transfer that waits for it. Until the name has
    // been found once, and again after it could not be, no more than these wait.
    static constexpr std::uint32_t concurrency_unresolved = 4;
    static constexpr std::uint32_t results_per_turn = 8;
    // A library that cannot be loaded, as it is just being replaced, is not tried again at once.
    static constexpr reactor::Duration patience = std::chrono::seconds(10);

    struct Settings {
        std::uint32_t slots = 1;   // 1 to slots_max
        std::size_t body_max = 0;  // bytes of a body, unpacked
        std::string ca_file = {};  // instead of the system's certificates
    };
    // Whom requests are for.
    struct Target {
        std::string host_name = {};             // to be looked up; empty: it is an address
        std::vector<std::string> headers = {};  // "Name: value", sent with each request
    };
    struct Counters {
        std::uint64_t transfers = 0;   // started
        std::uint64_t unwatched = 0;   // descriptors the loop had no room for; they time out
        std::uint64_t unexpected = 0;  // calls that libcurl refused
    };

    explicit CurlFetcher(reactor::Loop& loop);
    CurlFetcher(const CurlFetcher&) = delete;
    CurlFetcher& operator=(const CurlFetcher&) = delete;
    ~CurlFetcher();

    // Once, first. The error is one line.
    Outcome<> open(const Settings& settings, const Target& target);

    // Requests that start from now on go there. False: no memory, and all stays what it was.
    bool aim(const Target& target);

    void report_to(Fetched fetched, reactor::Delegate<void()> ready) override {
        fetched_ = fetched;
        told_ready_ = ready;
    }
    bool prepare() override;
    std::uint32_t concurrency_limit() const override;
    void start(std::uint32_t index, const FetchRequest& request, reactor::Duration limit) override;
    void abandon(std::uint32_t index) override;

    const Counters& counters() const { return counters_; }
    // Why each transfer fails; empty while libcurl was not needed, or is there.
    std::string_view why_unusable() const { return why_unusable_; }

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    enum class State : std::uint8_t { free, running, ended };

    struct Slot : reactor::ListItem<Slot> {
        State state;
        FetchFault fault;      // when ended
        bool overflowed;       // The head or the body did not fit.
        std::uint32_t status;  // when ended
        std::uint32_t move;    // The host is that of moves_.
        std::size_t head_size;
        std::size_t body_size;
        CurlFetcher* owner;
        void* easy;
    };
    struct Callbacks;
    struct Loading;

    static void load(void* argument);
    void on_loaded(const reactor::sys::Errand& errand);
    void give_up(std::string_view why);
    bool set_up();
    bool open_multi();
    bool open_slot(Slot& slot);
    bool make_headers();
    bool is_for_this_host(const Slot& slot) const { return slot.move == moves_; }
    bool set_request(Slot& slot, const FetchRequest& request, reactor::Duration limit) const;
    char* body_of(const Slot& slot);

    void on_ready(int fd, reactor::Ready ready);
    void on_timer();
    void on_turn();
    void act(int fd, int events);
    void collect();
    void hand_over();
    void end(Slot& slot, int code);
    void learn(FetchFault fault);
    void detach(Slot& slot);
    void expect_ok(int multi_code);

    reactor::Loop& loop_;
    Fetched fetched_;
    reactor::Delegate<void()> told_ready_;
    Counters counters_;
    Settings settings_;
    Target target_;
    std::uint32_t moves_ = 0;  // From one host to another.
    std::string why_unusable_;
    reactor::Instant tried_{};             // to load it, in vain
    reactor::PageArray<Loading> loading_;  // The helper's while it is at it.
    std::unique_ptr<CurlLibrary> curl_;    // and initialized
    bool resolved_ = false;                // The host's last transfer found its address.
    void* multi_ = nullptr;
    void* headers_ = nullptr;
    // Those of before, which transfers may still have.
    std::vector<void*> old_headers_;
    // The host was not there where its name led: the name is looked up anew, and not remembered.
    bool astray_ = false;
    reactor::PageArray<Slot> slots_;
    reactor::PageArray<char> bodies_;
    reactor::List<Slot> ended_;
    CurlWatches watches_;
    reactor::Timer timer_;
    reactor::Task turn_;
    reactor::Helper helper_;
};

}  // namespace herd::places
