#pragma once

#include "bench/result.hpp"
#include "bench/target.hpp"

#include <cstdint>
#include <string>
#include <vector>

// What can be measured. Each scenario has a file of its own, runs for about as long as its options
// say, and throws CannotMeasure. An empty server name is the target's first.
namespace bench {

// Round trips of IAMAT: `connections` of `depth` pipelined reports each, as fast as they are
// answered; or, with a rate, that many reports a second whatever the server does.
struct RequestOptions {
    std::string server;
    std::uint32_t connections = 1;
    std::uint32_t depth = 1;
    double rate = 0;  // 0: closed loop
    std::uint32_t clients = 100'000;
    double seconds = 2;
    double warmup = 0.5;
};
Result request(const Target& target, const RequestOptions& options);

// From the intended time of a report to its arrival at an observer of each server.
struct PropagationOptions {
    std::string enter;  // a server's name, or "spread": at all of them
    double rate = 1000;
    std::uint32_t burst = 1;
    std::uint32_t clients = 10'000;
    double seconds = 4;
    double warmup = 0.5;
    double settle = 1;  // how long the last ones may take to arrive
};
Result propagation(const Target& target, const PropagationOptions& options);

// WHATSAT and IAMAT, each alone and then both at once: does one hold up the other?
struct PlacesOptions {
    std::string server;
    double rate = 50;  // WHATSAT
    double iamat_rate = 1000;
    std::uint32_t connections = 64;
    std::uint32_t clients = 1000;
    double seconds = 2;  // each of the three phases
};
Result places(const Target& target, const PlacesOptions& options);

// What idle connections cost: in memory each, and in the speed of the busy ones.
struct ConnectionsOptions {
    std::string server;
    std::uint32_t idle = 5000;
    std::uint32_t connections = 50;
    std::uint32_t depth = 16;
    double seconds = 1;
    double warmup = 0.5;
};
Result connections(const Target& target, const ConnectionsOptions& options);

// What stored clients cost: in memory each, and in the CPU time of an update.
struct ClientsOptions {
    std::string server;
    std::uint32_t clients = 100'000;
    std::uint32_t connections = 50;
    std::uint32_t depth = 64;
    double seconds = 1;
    double warmup = 0.3;  // of the updates, once all clients are stored
};
Result clients(const Target& target, const ClientsOptions& options);

// What it costs to be told who is near: NEARBY, or Redis' GEOSEARCH, at a Population.
struct NearbyOptions {
    std::string server;
    std::uint32_t clients = 1'000'000;
    std::vector<std::string> radii = {"0.5", "1", "5", "10", "50"};  // kilometres
    std::uint32_t bound = 20;
    std::uint32_t connections = 8;
    std::uint32_t depth = 32;
    double seconds = 1;  // each radius
    double warmup = 0.2;
};
Result nearby(const Target& target, const NearbyOptions& options);

// What it costs to tell those who follow a client each, one connection each: FOLLOW, or Redis'
// SUBSCRIBE to a channel each.
struct FollowOptions {
    std::string server;
    std::uint32_t followers = 10'000;  // and clients, all of which report
    double rate = 100'000;             // reports a second
    std::uint32_t connections = 16;    // that report
    std::uint32_t burst = 32;
    double seconds = 2;
    double warmup = 1;
};
Result follow(const Target& target, const FollowOptions& options);

// IAMAT alone, and beside NEARBYs at a fixed rate, or beside followers of areas that never read:
// does one hold up the other?
struct BesideOptions {
    std::string server;
    std::uint32_t clients = 1'000'000;
    double rate = 10'000;    // NEARBY; 0: none
    std::uint32_t deaf = 0;  // followers
    std::string radius = "10";
    std::uint32_t bound = 20;
    double iamat_rate = 5'000;
    std::uint32_t connections = 32;
    double seconds = 2;  // each of the two
};
Result beside(const Target& target, const BesideOptions& options);

// What a client costs that has a connection for one command: it connects, says an IAMAT, reads the
// answer and closes; or it says with its command that this is all, as the prototype's client does.
struct VisitsOptions {
    std::string server;
    std::uint32_t connections = 50;  // at a time
    bool half_close = false;
    std::uint32_t clients = 100'000;
    double seconds = 2;
    double warmup = 0.5;
};
Result visits(const Target& target, const VisitsOptions& options);

// A server dies that has many clients' positions, comes back with nothing, and gets all of them
// from its neighbour, where others go on reporting: how soon, and what does it cost these? It
// prints events as below.
struct CatchUpOptions {
    std::string kill;  // not the first, which everybody reports to
    std::uint32_t clients = 1'000'000;
    double rate = 1'000;  // reports a second
    double seconds = 2;   // before, in quiet
    double down = 1;
    double timeout = 120;  // from then on
};
Result catch_up(const Target& target, const CatchUpOptions& options);

// A server dies in the middle of load and comes back. It prints "event kill NAME" and "event
// restart NAME" at the time: whoever started the server does as it says.
struct FaultOptions {
    std::string kill;
    double rate = 500;
    std::uint32_t clients = 1000;
    double before = 2;
    double down = 1;
    double after = 4;
};
Result fault(const Target& target, const FaultOptions& options);

// Full handshakes of TLS: `connections` come, shake hands, say that this was all, and come again.
struct HandshakesOptions {
    std::string server;
    std::uint32_t connections = 8;
    double seconds = 2;
    double warmup = 0.3;
};
Result handshakes(const Target& target, const HandshakesOptions& options);

// What strangers' ClientHellos cost one polite client, who says a report at a time: in turns,
// quiet and beside them. They come `at_once`, and are not interested in the answer.
struct HellosOptions {
    std::string server;
    double rate = 2000;
    std::uint32_t at_once = 64;
    std::uint32_t turns = 5;
    double seconds = 0.5;  // each half of a turn
    double warmup = 0.3;
};
Result hellos(const Target& target, const HellosOptions& options);

}  // namespace bench
