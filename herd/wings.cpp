#include "herd/wings.hpp"

#include "herd/needs.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace herd {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
// Who looks at tokens: the ports for clients, for HTTP, for phones and for datagrams.
constexpr std::size_t secret_holders = 4;

}  // namespace

Wings::Wings(reactor::Loop& loop,
             places::Places& asked,
             const config::Config& whole,
             const config::Server& own,
             const Tellers& tellers,
             const Sealings& sealings)
    : config(whole),
      self(own),
      wire(loop),
      log(loop),
      core{.loop = loop,
           .wire = wire,
           .table = table,
           .log = log,
           .counters = counters,
           .limits = config.limits,
           .name = self.name,
           .epoch = reactor::sys::random_bits() | 1,
           .max_future_ms = config.max_future_ms,
           .ttl_ns = config.ttl_s * second_ns,
           .sealing = sealings.herd},
      journal(core, config.journal),
      expiry(loop, table, core.ttl_ns, counters.records_expired),
      spoiler(table),
      neighbours(core, tellers.status),
      intake(core, journal.on() ? &journal : nullptr),
      clients(core, asked, neighbours.barrier(), intake),
      places(asked),
      operations(core, intake, tellers.look, config.servers),
      phones(core, intake),
      datagrams(core, intake),
      broker_sealing(sealings.brokers) {
    if (!self.bridge) return;
    bridge.emplace(core, config.bridge, config.bridges_before(self), sealings.brokers);
}

// The journal needs the table and the log, and nobody may ask before it has been opened.
Outcome<> Wings::open() {
    const table::ClientHash hash(reactor::sys::random_bits(), reactor::sys::random_bits());
    auto mapped = wire.open(wire_limits(config));
    if (mapped) mapped = table.open(table_capacity(config), hash);
    if (mapped) mapped = neighbours.map(static_cast<std::uint32_t>(self.neighbours.size()));
    if (mapped) mapped = clients.map();
    if (!mapped) return failure("cannot map memory", mapped.error());
    if (!config.access.secret_file.empty()) {
        if (auto limited = clients.limit_access(config.access); !limited) return limited;
    }
    auto opened = operations.open(config, self, clients.following(), clients.searches());
    if (opened) opened = phones.open(config, self);
    if (opened) opened = datagrams.open(config.access, self);
    if (opened) opened = log.open(config.log, self.name, counters);
    if (opened) opened = journal.open();
    if (opened && bridge) opened = bridge->open();
    if (!opened) return opened;
    const auto added = neighbours.add(config, self);
    return added ? Outcome<>() : failure("cannot look names up", added.error());
}

Outcome<> Wings::listen() {
    auto listening = clients.listen(self);
    if (listening) listening = neighbours.listen(self.listens_at());
    if (listening) listening = phones.listen(self);
    if (listening) listening = datagrams.listen(self);
    if (listening) listening = operations.listen(self);
    return listening;
}

void Wings::start() {
    neighbours.start();
    if (bridge) bridge->start();
    expiry.start();
}

void Wings::flood() {
    journal.pump();
    neighbours.flood();
    if (bridge) bridge->pump();
    clients.push();
}

void Wings::tick() {
    journal.tick();
    clients.tick();
    neighbours.tick();
    phones.tick();
    datagrams.tick();
    if (bridge) bridge->tick();
    if (core.sealing != nullptr) {
        core.sealing->handshakes.tick();
    } else if (broker_sealing != nullptr) {
        broker_sealing->handshakes.tick();
    }
    wire.trim();
}

void Wings::drain() {
    clients.drain();
    phones.drain();
    datagrams.close();
    operations.drain();
    neighbours.drain();
    journal.leave();
}

bool Wings::owes() const {
    return clients.size() > 0 || phones.size() > 0 || journal.owes() || neighbours.owes() ||
           (bridge && bridge->owes());
}

void Wings::stop() {
    neighbours.stop();
    if (bridge) bridge->stop();
}

void Wings::describe(watch::Status& status) const {
    status.journal = journal.state();
    status.journal_loading = !journal.whole();
    status.journal_always = config.journal.fsync == config::Fsync::always;
    status.corrupted = spoiler.count();
    core.describe(status);
    neighbours.describe(status);
    clients.describe(status);
    operations.describe(status);
    phones.describe(status);
    if (bridge) bridge->describe(status);
    status.ready = operations.ready(status);
}

Outcome<std::vector<access::Secret>> Wings::read_secrets() const {
    return access::Secret::read_copies(config.access.secret_file, secret_holders);
}

void Wings::renew(std::vector<access::Secret> secrets) {
    assert(secrets.size() == secret_holders);
    const std::uint32_t of_connections = clients.renew(std::move(secrets[0]));
    const std::uint32_t of_streams = operations.renew(std::move(secrets[1]));
    phones.renew(std::move(secrets[2]));
    datagrams.renew(std::move(secrets[3]));
    if (of_connections + of_streams == 0) return;
    log.event(Level::info, "grants_ended")
        .field("connections", std::uint64_t{of_connections})
        .field("streams", std::uint64_t{of_streams});
}

void Wings::check() const {
    core.check();
    journal.check();
    expiry.check();
    neighbours.check();
    clients.check();
    operations.check();
    phones.check();
    if (bridge) bridge->check();
}

}  // namespace herd
