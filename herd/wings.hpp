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
#include "herd/outcome.hpp"
#include "herd/phones/phones.hpp"
#include "herd/places/places.hpp"
#include "herd/table/expiry.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/spoil.hpp"
#include "herd/watch/counters.hpp"
#include "herd/watch/status.hpp"
#include "reactor/loop.hpp"
#include "reactor/wire.hpp"

#include <optional>
#include <vector>

namespace herd {

// Of connections with clients and servers, and with brokers. Null: they are in the clear.
struct Sealings {
    const Sealing* herd = nullptr;
    const nats::Sealing* brokers = nullptr;
};

// Who tells what the server says of itself: neighbours, and those who ask over HTTP.
struct Tellers {
    links::Neighbours::TellStatus status;
    ops::OpsService::Look look;
};

// The parts of one server, and what is asked of all of them alike: the table and what lies beneath,
// and the wings around it. Owned by the Server; loop, places and configuration outlive it.
//
// All memory is mapped in open(); from then on nothing here allocates.
struct Wings {
    Wings(reactor::Loop& loop,
          places::Places& asked,
          const config::Config& whole,
          const config::Server& own,
          const Tellers& tellers,
          const Sealings& sealings);

    // Maps the memory, opens the log, reads the journal, and looks up neighbours. Once.
    Outcome<> open();
    // At all ports, after that.
    Outcome<> listen();
    // Begins to dial.
    void start();
    // What has changed goes where it belongs, before any answer leaves: so what was answered
    // outlives the process, and is on its way.
    void flood();
    // Once a second.
    void tick();
    // Takes nothing more, and answers what is owed.
    void drain();
    // Whether something is owed yet.
    bool owes() const;
    // Ends what is left.
    void stop();

    void describe(watch::Status& status) const;
    // What renew() takes, read anew. Only where access is limited.
    Outcome<std::vector<access::Secret>> read_secrets() const;
    // From now on tokens are those of these; what others have granted is over.
    void renew(std::vector<access::Secret> secrets);
    // For tests: asserts what must hold between two iterations of the loop.
    void check() const;

    const config::Config& config;
    const config::Server& self;
    // In the order in which they borrow from each other.
    reactor::Wire wire;
    table::LocationTable table;
    Log log;
    watch::Counters counters;
    Core core;
    journal::Journal journal;
    table::Expiry expiry;
    table::Spoiler spoiler;
    links::Neighbours neighbours;
    intake::Intake intake;
    clients::Clients clients;
    places::Places& places;
    ops::Operations operations;
    phones::Phones phones;
    datagrams::Port datagrams;
    std::optional<bridge::BucketLink> bridge;
    const nats::Sealing* broker_sealing;
};

}  // namespace herd
