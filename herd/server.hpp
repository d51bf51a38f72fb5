#pragma once

#include "herd/overview.hpp"
#include "herd/wings.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace herd {

// One server of a herd, whole: it owns its wings and what it says of itself, starts, ticks and
// shuts down. Lives on one loop, which runs it; loop, places and configuration outlive it.
//
//   open() --> start() --> serving --shut_down()--> draining --> on_stopped (once)
//
// All memory is mapped in open(); from then on nothing here allocates.
class Server {
public:
    Server(reactor::Loop& loop,
           places::Places& places,
           const config::Config& config,
           const config::Server& self,
           reactor::Delegate<void()> stopped,
           const Sealings& sealings = {});

    // Maps its memory, opens its log, reads its journal and listens. Once.
    Outcome<> open();
    // Begins to dial its neighbours.
    void start();
    // Accepts no more, answers what is owed, brings its links up to date, then reports to
    // `stopped`, at the latest after limits.shutdown_ms. Idempotent.
    void shut_down();

    // Before start(): where a neighbour really listens, for herds on ports the kernel chose.
    void aim(std::string_view name, const reactor::Address& at) { wings_.neighbours.aim(name, at); }

    Log& log() { return wings_.log; }
    const table::LocationTable& table() const { return wings_.table; }
    const watch::Counters& counters() const { return wings_.counters; }
    std::uint64_t epoch() const { return wings_.core.epoch; }
    const clients::Clients& clients() const { return wings_.clients; }
    const links::Neighbours& neighbours() const { return wings_.neighbours; }
    const journal::Journal& journal() const { return wings_.journal; }
    const ops::Operations& operations() const { return wings_.operations; }
    const phones::Phones& phones() const { return wings_.phones; }
    const datagrams::Port& datagrams() const { return wings_.datagrams; }
    // Null: it has none.
    const bridge::BucketLink* bridge() const { return wings_.bridge ? &*wings_.bridge : nullptr; }
    const reactor::Wire& wire() const { return wings_.wire; }
    table::Spoiler& spoiler() { return wings_.spoiler; }

    // A SIGHUP was obeyed, or not.
    void note_reload(bool obeyed) { overview_.note_reload(obeyed); }
    // Which process this is, for who asks.
    void note_process(int pid) { overview_.note_process(pid); }
    // After settings of its configuration that are taken live have changed.
    void on_settings();
    // As those of Wings.
    Outcome<std::vector<access::Secret>> read_secrets() const { return wings_.read_secrets(); }
    void renew(std::vector<access::Secret> secrets) { wings_.renew(std::move(secrets)); }
    void check() const { wings_.check(); }

private:
    void tick();
    void check_drained();

    reactor::Delegate<void()> stopped_;
    Wings wings_;
    Overview overview_;
    reactor::Timer tick_;
    reactor::Timer drain_;
    reactor::Instant drain_until_{};
};

}  // namespace herd
