#include "herd/offline/places_server.hpp"

#include "reactor/signals.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <chrono>
#include <cstdio>
#include <utility>

namespace herd::offline {
namespace {

using reactor::Delegate;
using std::chrono::seconds;

constexpr std::uint32_t watches_besides = 8;  // the listener, signals
constexpr std::uint32_t timers_besides = 8;   // of the server and its listener
constexpr std::uint64_t descriptors_besides = 32;

Outcome<> validate(const Options& options) {
    if (options.delay_min_ms > options.delay_max_ms || options.delay_max_ms > delay_ms_max) {
        return std::unexpected("delays must be in order, and at most a minute");
    }
    double percent = 0;
    for (const FaultShare& share : options.faults) percent += share.percent;
    if (!(percent <= 100))
        return std::unexpected("faults must not be more than 100 percent together");
    if (options.connections_max == 0)
        return std::unexpected("at least one connection must be allowed");
    return {};
}

// Ends a server in order when a signal comes.
struct Ending {
    PlacesServer& server;
    // It has no log to reopen.
    void on_signal(int signal) {
        if (signal != reactor::Signals::hang_up) server.drain();
    }
};

}  // namespace

PlacesServer::PlacesServer(reactor::Loop& loop)
    : loop_(loop),
      wire_(loop),
      tick_(loop, Delegate<void()>::to<&PlacesServer::on_tick>(*this)),
      grace_(loop, Delegate<void()>::to<&PlacesServer::stop>(*this)) {}

PlacesServer::~PlacesServer() = default;

reactor::Loop::Limits PlacesServer::loop_limits(const Options& options) {
    return {.watches = options.connections_max + watches_besides,
            .timers = options.connections_max + timers_besides};
}

Outcome<reactor::Address> PlacesServer::open(const Options& options) {
    assert(!service_);
    if (auto valid = validate(options); !valid) return std::unexpected(valid.error());
    if (auto loaded = load(options); !loaded) return std::unexpected(loaded.error());
    if (auto opened = wire_.open({}); !opened) {
        return failure("buffers", opened.error());
    }
    for (std::uint32_t i = 0; i < options.connections_max; ++i) {
        answers_.emplace_back(loop_, *service_);
    }
    http_.emplace(wire_, routes_, http::Limits{.connections = options.connections_max});
    if (auto mapped = http_->map(); !mapped) return failure("connections", mapped.error());
    auto address = http_->listen(options.listen);
    if (!address) {
        char text[reactor::address_text_size_max];
        return failure("listen " + std::string(options.listen.text(text)), address.error());
    }
    tick_.start(seconds(1));
    return *address;
}

Outcome<> PlacesServer::load(const Options& options) {
    assert(!index_);
    assert(!source_);
    auto table = PlaceTable::load(options.data_folder);
    if (!table) return std::unexpected(table.error());
    table_ = std::move(*table);
    index_.emplace(table_);
    source_.emplace(table_, *index_, options.required_key);
    Injector injector(options.seed);
    injector.set_delay({options.delay_min_ms, options.delay_max_ms});
    injector.set_faults(options.faults);
    service_.emplace(*source_, std::move(injector), options.allow_inject);
    return {};
}

void PlacesServer::drain() {
    if (std::exchange(draining_, true)) return;
    grace_.start(grace);
    http_->drain(Delegate<void()>::to<&PlacesServer::stop>(*this));
    for (FaultyAnswer& answer : answers_) answer.drain();
}

void PlacesServer::on_tick() {
    assert(!tick_.pending());
    tick_.start_at(tick_.due() + seconds(1));
    http_->tick();
}

int run(const Options& options) {
    const auto fail = [](std::string_view what) {
        std::fprintf(stderr, "places: %.*s\n", static_cast<int>(what.size()), what.data());
        return 2;
    };
    // As far as allowed: with fewer descriptors, connections wait.
    (void)reactor::sys::raise_descriptor_limit(options.connections_max + descriptors_besides);
    reactor::Loop loop;
    if (auto opened = loop.open(PlacesServer::loop_limits(options)); !opened) {
        return fail(reactor::describe(opened.error()));
    }
    PlacesServer server(loop);
    const auto address = server.open(options);
    if (!address) return fail(address.error());
    Ending ending{server};
    reactor::Signals signals(loop, Delegate<void(int)>::to<&Ending::on_signal>(ending));
    if (auto opened = signals.open(); !opened) return fail(reactor::describe(opened.error()));
    char text[reactor::address_text_size_max];
    const std::string_view where = (*address).text(text);
    std::printf("places listening on %.*s\n", static_cast<int>(where.size()), where.data());
    std::fflush(stdout);
    loop.run();
    return 0;
}

}  // namespace herd::offline
