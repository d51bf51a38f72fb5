#pragma once

#include "herd/places/client.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

// A world for places::Client: a kernel (places_world.cpp stands in for sys_linux.cpp) whose clock
// moves when told to, a fetcher that fetches when told to, and people who ask.
namespace herd::places_test {

using namespace std::chrono_literals;
using reactor::Duration;

inline constexpr std::string_view found =
    R"({"html_attributions":[],"results":[{"n":1}],"status":"OK"})";

class FakeFetcher final : public places::Fetcher {
public:
    static constexpr std::uint32_t slots = 64;
    struct Slot {
        bool taken = false;
        Duration limit{};
        std::array<char, 256> url{};
    };

    void report_to(Fetched fetched, reactor::Delegate<void()> ready) override {
        fetched_ = fetched;
        ready_ = ready;
    }
    bool prepare() override {
        ++prepares;
        return prepared;
    }
    std::uint32_t concurrency_limit() const override { return allowed; }
    void start(std::uint32_t index, const places::FetchRequest& request, Duration limit) override {
        Slot& slot = all.at(index);
        if (slot.taken || limit <= Duration::zero()) ++misuses;
        slot.taken = true;
        slot.limit = limit;
        slot.url = {};
        request.url.copy(slot.url.data(), slot.url.size() - 1);
        ++starts;
        last = index;
    }
    void abandon(std::uint32_t index) override {
        if (!all.at(index).taken) ++misuses;
        all.at(index).taken = false;
        ++abandoned;
    }

    void be_prepared() {
        prepared = true;
        ready_();
    }
    void finish(std::uint32_t slot, const places::FetchResult& result) {
        if (!all.at(slot).taken) ++misuses;
        all.at(slot).taken = false;
        fetched_(slot, result);
    }
    void finish(const places::FetchResult& result) { finish(last, result); }
    void find() { finish(last, {places::FetchFault::none, 200, found}); }
    std::uint32_t taken() const {
        return static_cast<std::uint32_t>(std::ranges::count(all, true, &Slot::taken));
    }

    std::array<Slot, slots> all{};
    bool prepared = true;
    std::uint32_t prepares = 0;
    std::uint32_t allowed = slots;
    std::uint32_t starts = 0;
    std::uint32_t abandoned = 0;
    std::uint32_t misuses = 0;
    std::uint32_t last = 0;

private:
    Fetched fetched_;
    reactor::Delegate<void()> ready_;
};

class World;

// Who asks. Notes what it is told and when.
struct Asker {
    void on_answer(const protocol::CutPlaces& answer);

    World* world = nullptr;
    places::Ticket ticket;
    std::uint32_t answers = 0;
    Duration at{};
    std::array<char, 300> text{};
    bool asks_again = false;
    Asker* cancels = nullptr;
    std::string_view json() const { return text.data(); }
};

// Four slots, a queue of eight, four seconds.
config::Limits small_limits();

class World {
public:
    explicit World(const config::Limits& limits = small_limits());

    Asker& ask(const protocol::PlacesQuery& query) {
        Asker& asker = askers.emplace_back();
        ask(asker, query);
        return asker;
    }
    void ask(Asker& asker, const protocol::PlacesQuery& query) {
        asker.world = this;
        asker.ticket = client->begin(query, places::Places::Answered::to<&Asker::on_answer>(asker));
    }

    Duration now() const { return loop.now() - origin; }

    // Lets all happen that is due, no time passing.
    void settle();
    void pass(Duration duration);
    std::uint64_t troubles(places::Trouble trouble) const {
        return client->counters().troubles[std::to_underlying(trouble)];
    }

    reactor::Loop loop;
    FakeFetcher fetcher;
    places::Provider provider;
    std::unique_ptr<places::Client> client;
    std::deque<Asker> askers;
    reactor::Instant origin;
};

// A question like no other's, for each number.
protocol::PlacesQuery spot(int number);

// Whether this asker was answered, once, with this status and the words for this trouble.
bool shows(const Asker& asker, std::string_view status, places::Trouble trouble);

// How often operator new was called.
std::size_t allocations();

}  // namespace herd::places_test
