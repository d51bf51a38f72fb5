#include "bench/closed_loop.hpp"
#include "bench/measured.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

#include <string>

namespace bench {

namespace {

// Of a server that stores a thousand a second.
constexpr reactor::Duration all_timeout = std::chrono::minutes(5);

}  // namespace

Result clients(const Target& target, const ClientsOptions& options) {
    Session session(2 * options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    const ClosedLoop::Shape shape{server, options.connections, options.depth};

    ClosedLoop load(session, target, shape, Picker(options.clients, Picker::Order::in_turn));
    load.connect();
    Measured ingest(target);
    const auto empty = Measured(target).target_resident_bytes();
    load.start(options.clients);
    if (!session.run_until([&] { return load.answered() == options.clients; }, all_timeout)) {
        throw CannotMeasure("not all clients could be stored");
    }
    ingest.end();

    ClosedLoop moves(session, target, shape, Picker(options.clients, Picker::Order::scattered));
    moves.connect();
    moves.run(seconds(options.warmup));
    Measured moved(target);
    moves.run(seconds(options.seconds));
    moved.end();

    const double stored = options.clients;
    Result result;
    result.scenario = "clients";
    result.system = target.system;
    result.options = {{"clients", std::to_string(options.clients)},
                      {"connections", std::to_string(options.connections)},
                      {"depth", std::to_string(options.depth)},
                      {"seconds", shown(options.seconds)}};
    moved.report(result);
    result.figure("stored_clients", stored);
    result.figure("ingest_per_second", stored / ingest.seconds());
    if (const auto full = ingest.target_resident_bytes(); full && empty) {
        result.figure("bytes_per_client", (*full - *empty) / stored);
    }
    result.figure("updates_per_second", static_cast<double>(moves.answered()) / moved.seconds());
    result.figure("server_cpu_ns_per_line", moved.target_cpu_ns_per(moves.answered()));
    result.figure("wrong_answers", static_cast<double>(load.wrong() + moves.wrong()));
    return result;
}

}  // namespace bench
