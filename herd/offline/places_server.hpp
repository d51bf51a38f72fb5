#pragma once

#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/server.hpp"
#include "herd/offline/faulty_answer.hpp"
#include "herd/offline/injection.hpp"
#include "herd/offline/place_index.hpp"
#include "herd/offline/place_source.hpp"
#include "herd/offline/place_table.hpp"
#include "herd/offline/places_service.hpp"
#include "herd/outcome.hpp"
#include "reactor/address.hpp"
#include "reactor/loop.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herd::offline {

struct Options {
    reactor::Address listen = reactor::Address::loopback(0);
    std::string data_folder = "data";  // Where the tables are; see find_data_folder.
    std::string required_key;          // What callers must know; empty: nothing.
    std::uint32_t delay_min_ms = 0;
    std::uint32_t delay_max_ms = 0;
    std::vector<FaultShare> faults;  // See parse_fault_share.
    bool allow_inject = false;       // Callers may ask for faults, and POST /control.
    std::uint64_t seed = 1;
    std::uint32_t connections_max = 1024;
};

// The offline Places service on a loop of the caller's: real places over HTTP/1.1, with delays and
// faults as wished. Pinned; dies before its loop.
class PlacesServer final : http::Handler {
public:
    explicit PlacesServer(reactor::Loop& loop);
    PlacesServer(const PlacesServer&) = delete;
    PlacesServer& operator=(const PlacesServer&) = delete;
    ~PlacesServer();

    // What a loop must hold to carry such a server, and nothing else but `Signals`.
    static reactor::Loop::Limits loop_limits(const Options& options);

    // Loads the tables and listens; once. Returns the address in force.
    Outcome<reactor::Address> open(const Options& options);

    // Takes no more connections, answers what was asked, and stops the loop when all are closed,
    // at the latest after `grace`.
    void drain();
    static constexpr reactor::Duration grace = std::chrono::seconds(3);

    // After open().
    const PlacesService& service() const {
        assert(service_.has_value());
        return *service_;
    }

private:
    Outcome<> load(const Options& options);
    void on_request(http::Connection& connection, const http::Request& request) override {
        answers_[connection.slot()].begin(connection, request);
    }
    void on_body(http::Connection& connection, std::string_view part, bool last) override {
        answers_[connection.slot()].add(part, last);
    }
    void on_drained(http::Connection& connection) override {
        answers_[connection.slot()].on_drained();
    }
    void on_gone(http::Connection& connection) override { answers_[connection.slot()].on_gone(); }
    void on_tick();
    void stop() { loop_.stop(); }

    reactor::Loop& loop_;
    reactor::Wire wire_;
    PlaceTable table_;
    std::optional<PlaceIndex> index_;
    std::optional<PlaceSource> source_;
    std::optional<PlacesService> service_;
    std::deque<FaultyAnswer> answers_;  // By slot.
    std::array<http::Route, 1> routes_{{{.path = "*", .handler = this}}};
    std::optional<http::Server> http_;
    reactor::Timer tick_;
    reactor::Timer grace_;
    bool draining_ = false;
};

// The program: serves until SIGTERM or SIGINT, and says on stdout where as soon as it does.
// Returns the exit code: 0, or 2 when it could not start.
int run(const Options& options);

}  // namespace herd::offline
