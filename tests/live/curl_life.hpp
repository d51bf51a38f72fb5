#pragma once

#include "herd/places/upstream.hpp"
#include "reactor/loop.hpp"
#include "tests/live/rude_server.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace herd::places_test {

inline constexpr std::string_view key = "AIzaVerySecretKey";
inline constexpr std::string_view found = good_body;

struct Asker {
    void on_answer(const protocol::CutPlaces& answer) {
        ++answers;
        text = answer.text;
        took = std::chrono::steady_clock::now() - since;
    }
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    std::chrono::nanoseconds took{};
    places::Ticket ticket;
    int answers = 0;
    std::string text;
};

inline constexpr auto deadline = std::chrono::milliseconds(800);
inline constexpr auto lag = std::chrono::seconds(5);  // of a machine with better things to do

inline config::Limits limits_of(std::uint32_t in_flight = 16) {
    config::Limits limits;
    limits.connections = 2'000;
    limits.places_in_flight = in_flight;
    limits.places_queue = 1'000;
    limits.places_deadline_ms = std::chrono::milliseconds(deadline).count();
    limits.places_body_max = 65'536;
    limits.places_per_s = limits.places_per_day = 0;
    return limits;
}

// A Places service of the program, and who asks it.
class Life {
public:
    explicit Life(const std::string& url,
                  config::Provider provider = config::Provider::google_legacy,
                  const config::Limits& limits = limits_of()) {
        std::signal(SIGPIPE, SIG_IGN);
        REQUIRE(loop.open({512, 16}).has_value());
        service = std::make_unique<places::Upstream>(loop);
        const auto opened = service->open_with_key(
            {provider, url, {}}, limits, provider == config::Provider::offline ? "" : key);
        INFO((opened ? "" : opened.error()));
        REQUIRE(opened);
        while (!service->fetcher().prepare()) loop.run_once();
    }

    Asker& ask(double latitude = 1.0) {
        Asker& asker = askers.emplace_back();
        asker.ticket = service->places().begin(
            {latitude, 2.0, 1'000}, places::Places::Answered::to<&Asker::on_answer>(asker));
        REQUIRE(asker.ticket);
        return asker;
    }

    // As at a reload.
    void move(const std::string& url) {
        auto provider = places::Upstream::provider_anew({config::Provider::offline, url, {}});
        REQUIRE(provider);
        service->renew(std::move(*provider), limits_of());
    }

    void run() {
        while (service->client().waiting() > 0) {
            loop.run_once();
            service->client().check();
            service->fetcher().check();
        }
    }

    const places::Client::Counters& counters() const { return service->client().counters(); }

    reactor::Loop loop;
    std::unique_ptr<places::Upstream> service;
    std::deque<Asker> askers;
};

inline void check_shape(const Asker& asker) {
    INFO(asker.text);
    CHECK(asker.answers == 1);
    CHECK(asker.took < deadline + lag);
    for (const auto* const part : {"html_attributions", "results", "status"}) {
        CHECK(asker.text.find(part) != std::string::npos);
    }
    CHECK(asker.text.find(key) == std::string::npos);
    CHECK(asker.text.find("127.0.0.1") == std::string::npos);
}

inline void check_trouble(const Asker& asker, places::Trouble trouble) {
    check_shape(asker);
    INFO(places::facts(trouble).name);
    CHECK(asker.text.find(places::facts(trouble).message) != std::string::npos);
    CHECK(asker.text.find(protocol::to_text(places::facts(trouble).status)) != std::string::npos);
}

}  // namespace herd::places_test
