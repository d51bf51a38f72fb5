#pragma once

#include "herd/access/secret.hpp"
#include "herd/bridge/bucket_link.hpp"
#include "herd/clients/clients.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/datagrams/port.hpp"
#include "herd/intake/intake.hpp"
#include "herd/journal/journal.hpp"
#include "herd/links/neighbours.hpp"
#include "herd/log.hpp"
#include "herd/ops/operations.hpp"
#include "herd/ops/snapshot.hpp"
#include "herd/outcome.hpp"
#include "herd/phones/phones.hpp"
#include "herd/places/places.hpp"
#include "herd/table/expiry.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/spoil.hpp"
#include "herd/watch/counters.hpp"
#include "reactor/loop.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace herd {

// Of connections with clients and servers, and with brokers. Null: they are in the clear.
struct Sealings {
    const Sealing* herd = nullptr;
    const nats::Sealing* brokers = nullptr;
};

// One server of a herd, whole: it owns the table and the wings around it, puts them together, ticks
// and shuts down. Lives on one loop, which runs it; loop, places and configuration outlive it.
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
    void aim(std::string_view name, const reactor::Address& at) { neighbours_.aim(name, at); }

    Log& log() { return log_; }
    const table::LocationTable& table() const { return table_; }
    const watch::Counters& counters() const { return counters_; }
    std::uint64_t epoch() const { return core_.epoch; }
    const clients::Clients& clients() const { return clients_; }
    const links::Neighbours& neighbours() const { return neighbours_; }
    const journal::Journal& journal() const { return journal_; }
    const ops::Operations& operations() const { return operations_; }
    const phones::Phones& phones() const { return phones_; }
    const datagrams::Port& datagrams() const { return datagrams_; }
    // Null: it has none.
    const bridge::BucketLink* bridge() const { return bridge_ ? &*bridge_ : nullptr; }
    const reactor::Wire& wire() const { return wire_; }
    // A SIGHUP was obeyed, or not.
    void note_reload(bool obeyed);
    // Which process this is, for who asks.
    void note_process(int pid) { pid_ = pid; }
    // After settings of its configuration that are taken live have changed.
    void on_settings();
    // What renew() takes, read anew. Only where access is limited.
    Outcome<std::vector<access::Secret>> read_secrets() const;
    // From now on tokens are those of these; what others have granted is over.
    void renew(std::vector<access::Secret> secrets);
    // For tests: asserts what must hold between two iterations of the loop.
    void check() const;
    table::Spoiler& spoiler() { return spoiler_; }

private:
    void flood();
    void state_settings();
    void tick();
    void check_drained();
    watch::Status status() const;
    std::string_view tell_status(std::span<char> out, watch::Audience audience);
    void look(ops::Snapshot& snapshot);

    const config::Config& config_;
    const config::Server& self_;
    reactor::Delegate<void()> stopped_;
    // In the order in which they borrow from each other.
    reactor::Wire wire_;
    table::LocationTable table_;
    Log log_;
    watch::Counters counters_;
    Core core_;
    journal::Journal journal_;
    table::Expiry expiry_;
    table::Spoiler spoiler_;
    links::Neighbours neighbours_;
    intake::Intake intake_;
    clients::Clients clients_;
    places::Places& places_;
    ops::Operations operations_;
    phones::Phones phones_;
    datagrams::Port datagrams_;
    std::optional<bridge::BucketLink> bridge_;
    reactor::Timer tick_;
    reactor::Timer drain_;
    const nats::Sealing* broker_sealing_;
    reactor::Instant drain_until_{};
    reactor::Instant started_at_{};
    std::int64_t started_s_ = 0;  // Since 1970.
    std::int64_t reloaded_s_ = 0;
    bool reloaded_ = true;
    int pid_ = 0;
    std::string settings_;  // As a Status has them.
    bool draining_ = false;
};

}  // namespace herd
