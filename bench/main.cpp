#include "bench/closed_loop.hpp"
#include "bench/fleet.hpp"
#include "bench/open_loop.hpp"
#include "bench/scenarios.hpp"
#include "bench/target.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

namespace {

constexpr int cannot_measure = 2;

constexpr const char* target_help =
    R"(The target file is one JSON object:
  { "system": "mine",
    "servers": [ { "name": "A", "clients": "127.0.0.1:12001",
                   "observer": "127.0.0.1:12901", "pids": [4711] }, ... ],
    "links": [["A", "B"], ...] }
"speaks", beside these, is how the system is spoken to: iamat, if it is not there, at, geoadd, set,
http or nats.
"observer" is where A finds herd-bench as one more neighbour: give A's configuration another
server, named A-observer, whose "peers" is that address, link it with A, and do not start it.
"pids" are needed for CPU and memory, "links" to tell how many servers a report has passed.)";

constexpr const char* tls_help =
    "All connections are sealed: \"clients\" are addresses where TLS is spoken, and ca.crt in this "
    "folder, which `herd keys` has made, says whom to believe; for observers their certificates "
    "and "
    "keys are there, too";

using Measure = std::function<bench::Result(const bench::Target&)>;

// What all scenarios have in common, and which of them was chosen.
struct Order {
    std::string target_file;
    std::string json_file;
    std::string keys;
    Measure measure;
};

CLI::Option* count(CLI::App& command, const char* name, std::uint32_t& value, const char* what) {
    return command.add_option(name, value, what)
        ->capture_default_str()
        ->check(CLI::Range(1U, bench::Fleet::clients_max));
}

void number(CLI::App& command, const char* name, double& value, const char* what) {
    command.add_option(name, value, what)->capture_default_str()->check(CLI::NonNegativeNumber);
}

void above_zero(CLI::App& command, const char* name, double& value, const char* what) {
    command.add_option(name, value, what)
        ->capture_default_str()
        ->check(CLI::Range(1e-3, 1e9))
        ->type_name("FLOAT");
}

void shape(CLI::App& command, std::uint32_t& connections, std::uint32_t& depth) {
    count(command, "--connections", connections, "Busy connections");
    count(command, "--depth", depth, "Pipelined reports of each")
        ->check(CLI::Range(1U, bench::ClosedLoop::depth_max));
}

void server(CLI::App& command, std::string& name) {
    command.add_option("--server", name, "Whom to load; the first of the target if not given")
        ->type_name("NAME");
}

// A subcommand whose options live as long as the program.
template <class Options>
CLI::App& add(CLI::App& app,
              Order& order,
              const char* name,
              const char* what,
              Options& options,
              bench::Result (*scenario)(const bench::Target&, const Options&)) {
    CLI::App& command = *app.add_subcommand(name, what);
    command.callback([&order, &options, scenario] {
        order.measure = [&options, scenario](const bench::Target& target) {
            return scenario(target, options);
        };
    });
    return command;
}

struct AllOptions {
    bench::RequestOptions request;
    bench::PropagationOptions propagation;
    bench::PlacesOptions places;
    bench::ConnectionsOptions connections;
    bench::ClientsOptions clients;
    bench::NearbyOptions nearby;
    bench::FollowOptions follow;
    bench::BesideOptions beside;
    bench::FaultOptions fault;
    bench::HandshakesOptions handshakes;
    bench::HellosOptions hellos;
    bench::VisitsOptions visits;
    bench::CatchUpOptions catch_up;
};

void add_request(CLI::App& app, Order& order, bench::RequestOptions& options) {
    auto& command = add(app, order, "request", "Round trips of IAMAT", options, bench::request);
    server(command, options.server);
    shape(command, options.connections, options.depth);
    number(command, "--rate", options.rate, "Reports a second; 0: as fast as they are answered");
    count(command, "--clients", options.clients, "Moving clients");
    above_zero(command, "--seconds", options.seconds, "Measured time");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_propagation(CLI::App& app, Order& order, bench::PropagationOptions& options) {
    auto& command = add(app,
                        order,
                        "propagation",
                        "From a report to an observer of each server (needs \"observer\")",
                        options,
                        bench::propagation);
    command
        .add_option("--enter", options.enter, "Where reports enter: a server, or spread over all")
        ->type_name("NAME|spread");
    above_zero(command, "--rate", options.rate, "Reports a second");
    count(command, "--burst", options.burst, "Reports at a time")
        ->check(CLI::Range(1U, bench::OpenLoop::burst_max));
    count(command, "--clients", options.clients, "Moving clients");
    above_zero(command, "--seconds", options.seconds, "Measured time");
    number(command, "--warmup", options.warmup, "Time before that");
    number(command, "--settle", options.settle, "How long the last ones may take");
}

void add_places(CLI::App& app, Order& order, bench::PlacesOptions& options) {
    auto& command = add(app,
                        order,
                        "places",
                        "WHATSAT and IAMAT, each alone and both together",
                        options,
                        bench::places);
    server(command, options.server);
    above_zero(command, "--rate", options.rate, "WHATSATs a second");
    above_zero(command, "--iamat-rate", options.iamat_rate, "IAMATs a second");
    count(command, "--connections", options.connections, "Connections that ask");
    count(command, "--clients", options.clients, "Clients that are asked for");
    above_zero(command, "--seconds", options.seconds, "Measured time, each of the three");
}

void add_connections(CLI::App& app, Order& order, bench::ConnectionsOptions& options) {
    auto& command =
        add(app, order, "connections", "What idle connections cost", options, bench::connections);
    server(command, options.server);
    count(command, "--idle", options.idle, "Idle connections");
    shape(command, options.connections, options.depth);
    above_zero(command, "--seconds", options.seconds, "Measured time, without and with them");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_clients(CLI::App& app, Order& order, bench::ClientsOptions& options) {
    auto& command = add(app, order, "clients", "What stored clients cost", options, bench::clients);
    server(command, options.server);
    count(command, "--clients", options.clients, "Clients to store");
    shape(command, options.connections, options.depth);
    above_zero(command, "--seconds", options.seconds, "Measured time, once they are stored");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_nearby(CLI::App& app, Order& order, bench::NearbyOptions& options) {
    auto& command = add(app,
                        order,
                        "nearby",
                        "What it costs to be told who is near, among clients around 300 cities",
                        options,
                        bench::nearby);
    server(command, options.server);
    count(command, "--clients", options.clients, "Clients to store");
    command.add_option("--radii", options.radii, "Kilometres, one after the other")
        ->delimiter(',')
        ->capture_default_str();
    command.add_option("--bound", options.bound, "How many to be told of")->capture_default_str();
    shape(command, options.connections, options.depth);
    above_zero(command, "--seconds", options.seconds, "Measured time, each radius");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_follow(CLI::App& app, Order& order, bench::FollowOptions& options) {
    auto& command = add(app,
                        order,
                        "follow",
                        "What it costs to tell those who follow a client each",
                        options,
                        bench::follow);
    server(command, options.server);
    count(command, "--followers", options.followers, "Connections that follow, and clients");
    above_zero(command, "--rate", options.rate, "Reports a second");
    count(command, "--connections", options.connections, "Connections that report");
    count(command, "--burst", options.burst, "Reports at a time")
        ->check(CLI::Range(1U, bench::OpenLoop::burst_max));
    above_zero(command, "--seconds", options.seconds, "Measured time");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_beside(CLI::App& app, Order& order, bench::BesideOptions& options) {
    auto& command = add(app,
                        order,
                        "beside",
                        "IAMATs alone, and beside NEARBYs or followers",
                        options,
                        bench::beside);
    server(command, options.server);
    count(command, "--clients", options.clients, "Clients to store");
    number(command, "--rate", options.rate, "NEARBYs a second; 0: none");
    command.add_option("--deaf", options.deaf, "Followers of an area each that never read")
        ->capture_default_str();
    command.add_option("--radius", options.radius, "Kilometres")->capture_default_str();
    command.add_option("--bound", options.bound, "How many to be told of")->capture_default_str();
    above_zero(command, "--iamat-rate", options.iamat_rate, "IAMATs a second");
    count(command, "--connections", options.connections, "Connections that ask");
    above_zero(command, "--seconds", options.seconds, "Measured time, each of the two");
}

void add_fault(CLI::App& app, Order& order, bench::FaultOptions& options) {
    auto& command = add(
        app,
        order,
        "fault",
        "A server dies under load and comes back (needs \"observer\"), as somebody has it do when "
        "this prints \"event kill NAME\" and \"event restart NAME\"",
        options,
        bench::fault);
    command.add_option("--kill", options.kill, "The victim; the target's last if not given")
        ->type_name("NAME");
    above_zero(command, "--rate", options.rate, "Reports a second");
    count(command, "--clients", options.clients, "Moving clients");
    number(command, "--before", options.before, "Seconds before it is killed");
    number(command, "--down", options.down, "Seconds that it is down");
    number(command, "--after", options.after, "Seconds from then on");
}

void add_handshakes(CLI::App& app, Order& order, bench::HandshakesOptions& options) {
    auto& command =
        add(app, order, "handshakes", "Full handshakes (needs --tls)", options, bench::handshakes);
    server(command, options.server);
    count(command, "--connections", options.connections, "Who shake hands at a time");
    above_zero(command, "--seconds", options.seconds, "Measured time");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_hellos(CLI::App& app, Order& order, bench::HellosOptions& options) {
    auto& command = add(app,
                        order,
                        "hellos",
                        "ClientHellos of strangers, and a polite client beside them (needs --tls)",
                        options,
                        bench::hellos);
    server(command, options.server);
    above_zero(command, "--rate", options.rate, "ClientHellos a second");
    count(command, "--at-once", options.at_once, "Of these, so many at a time");
    count(command, "--turns", options.turns, "How often they come, and are quiet");
    above_zero(command, "--seconds", options.seconds, "Time of each, and without");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_visits(CLI::App& app, Order& order, bench::VisitsOptions& options) {
    auto& command = add(app,
                        order,
                        "visits",
                        "What clients cost that have a connection for each command",
                        options,
                        bench::visits);
    server(command, options.server);
    count(command, "--connections", options.connections, "Clients at a time");
    command
        .add_option("--half-close",
                    options.half_close,
                    "Whether they say with their command that this is all")
        ->capture_default_str();
    count(command, "--clients", options.clients, "Moving clients");
    above_zero(command, "--seconds", options.seconds, "Measured time");
    number(command, "--warmup", options.warmup, "Time before that");
}

void add_catch_up(CLI::App& app, Order& order, bench::CatchUpOptions& options) {
    auto& command = add(
        app,
        order,
        "catch-up",
        "A server dies that has many clients' positions, and has them again from its neighbour, "
        "where others report; with events as of fault",
        options,
        bench::catch_up);
    command.add_option("--kill", options.kill, "The victim; the target's last if not given")
        ->type_name("NAME");
    count(command, "--clients", options.clients, "Clients to store");
    above_zero(command, "--rate", options.rate, "Reports a second at the first server");
    above_zero(command, "--seconds", options.seconds, "Measured time before");
    number(command, "--down", options.down, "Seconds that it is down");
    above_zero(command, "--timeout", options.timeout, "How long it may take");
}

int measure(const Order& order) {
    bench::Target target = order.target_file.empty() ? bench::Target::built_in()
                                                     : bench::Target::read(order.target_file);
    target.keys = order.keys;
    const bench::Result result = order.measure(target);
    std::fputs(result.summary().c_str(), stdout);
    if (order.json_file.empty()) return 0;
    std::ofstream file(order.json_file);
    file << result.json() << '\n';
    if (!file.flush()) throw bench::CannotMeasure(order.json_file + ": cannot be written");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        CLI::App app("Load and latency of a herd, or of what speaks as one does", "herd-bench");
        app.require_subcommand(1);
        app.fallthrough();
        app.set_version_flag("--version", HERD_VERSION);
        Order order;
        AllOptions options;
        app.footer(target_help);
        app.add_option("--target",
                       order.target_file,
                       "The system under test (JSON); without, the built-in herd on loopback")
            ->type_name("FILE");
        app.add_option("--tls", order.keys, tls_help)->type_name("FOLDER");
        app.add_option("--json", order.json_file, "Where to write the result")->type_name("FILE");
        add_request(app, order, options.request);
        add_propagation(app, order, options.propagation);
        add_places(app, order, options.places);
        add_connections(app, order, options.connections);
        add_clients(app, order, options.clients);
        add_nearby(app, order, options.nearby);
        add_follow(app, order, options.follow);
        add_beside(app, order, options.beside);
        add_fault(app, order, options.fault);
        add_handshakes(app, order, options.handshakes);
        add_hellos(app, order, options.hellos);
        add_visits(app, order, options.visits);
        add_catch_up(app, order, options.catch_up);
        CLI11_PARSE(app, argc, argv);
        return measure(order);
    } catch (const std::exception& why) {
        std::fprintf(stderr, "herd-bench: %s\n", why.what());
        return cannot_measure;
    }
}
