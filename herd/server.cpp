#include "herd/server.hpp"

#include "herd/config/changes.hpp"
#include "herd/config/text.hpp"
#include "herd/needs.hpp"
#include "herd/watch/status.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string>
#include <utility>

namespace herd {

namespace {

constexpr reactor::Duration tick_interval = std::chrono::seconds(1);
constexpr reactor::Duration drain_interval = std::chrono::milliseconds(10);
constexpr std::int64_t second_ns = 1'000'000'000;
// Who looks at tokens: the ports for clients, for HTTP, for phones and for datagrams.
constexpr std::size_t secret_holders = 4;

}  // namespace

Server::Server(reactor::Loop& loop,
               places::Places& places,
               const config::Config& config,
               const config::Server& self,
               reactor::Delegate<void()> stopped,
               const Sealings& sealings)
    : config_(config),
      self_(self),
      stopped_(stopped),
      wire_(loop),
      log_(loop),
      core_{.loop = loop,
            .wire = wire_,
            .table = table_,
            .log = log_,
            .counters = counters_,
            .limits = config.limits,
            .name = self.name,
            .epoch = reactor::sys::random_bits() | 1,
            .max_future_ms = config.max_future_ms,
            .ttl_ns = config.ttl_s * 1'000'000'000,
            .sealing = sealings.herd},
      journal_(core_, config.journal),
      expiry_(loop, table_, core_.ttl_ns, counters_.records_expired),
      spoiler_(table_),
      neighbours_(core_, links::Neighbours::TellStatus::to<&Server::tell_status>(*this)),
      intake_(core_, journal_.on() ? &journal_ : nullptr),
      clients_(core_, places, neighbours_.barrier(), intake_),
      places_(places),
      operations_(core_, intake_, ops::OpsService::Look::to<&Server::look>(*this), config.servers),
      phones_(core_, intake_),
      datagrams_(core_, intake_),
      tick_(loop, reactor::Delegate<void()>::to<&Server::tick>(*this)),
      drain_(loop, reactor::Delegate<void()>::to<&Server::check_drained>(*this)),
      broker_sealing_(sealings.brokers) {
    if (!self.bridge) return;
    bridge_.emplace(core_, config.bridge, config.bridges_before(self), sealings.brokers);
}

// The journal needs the table and the log, and nobody may ask before it has been read, or has begun
// to be.
Outcome<> Server::open() {
    const table::ClientHash hash(reactor::sys::random_bits(), reactor::sys::random_bits());
    auto mapped = wire_.open(wire_limits(config_));
    if (mapped) mapped = table_.open(table_capacity(config_), hash);
    if (mapped) mapped = neighbours_.map(static_cast<std::uint32_t>(self_.neighbours.size()));
    if (mapped) mapped = clients_.map();
    if (!mapped) return failure("cannot map memory", mapped.error());
    if (!config_.access.secret_file.empty()) {
        if (auto limited = clients_.limit_access(config_.access); !limited) return limited;
    }
    auto opened = operations_.open(config_, self_, clients_.following(), clients_.searches());
    if (opened) opened = phones_.open(config_, self_);
    if (opened) opened = datagrams_.open(config_.access, self_);
    if (opened) opened = log_.open(config_.log, self_.name, counters_);
    if (opened) opened = journal_.open();
    if (opened && bridge_) opened = bridge_->open();
    if (!opened) return opened;
    if (const auto added = neighbours_.add(config_, self_); !added) {
        return failure("cannot look names up", added.error());
    }
    state_settings();
    wire_.send_first(reactor::Delegate<void()>::to<&Server::flood>(*this));
    if (auto listening = clients_.listen(self_); !listening) return listening;
    if (auto listening = neighbours_.listen(self_.listens_at()); !listening) return listening;
    if (auto listening = phones_.listen(self_); !listening) return listening;
    if (auto listening = datagrams_.listen(self_); !listening) return listening;
    return operations_.listen(self_);
}

void Server::start() {
    log_.event(Level::info, "started")
        .field("server", self_.name)
        .field("clients", self_.takes_clients() ? config::text_of(clients_.address()) : "none")
        .field("peers", config::text_of(neighbours_.address()));
    if (core_.sealing != nullptr && core_.sealing->plain_peers) {
        log_.event(Level::warning, "insecure_peers")
            .field("why", "neighbours that do not speak TLS are neighbours, too");
    }
    neighbours_.start();
    if (bridge_) bridge_->start();
    started_at_ = core_.loop.now();
    started_s_ = reloaded_s_ = reactor::sys::wall_ns() / second_ns;
    expiry_.start();
    tick_.start(tick_interval);
}

// Before any answer leaves: so what was answered outlives the process, and is on its way.
void Server::flood() {
    journal_.pump();
    neighbours_.flood();
    if (bridge_) bridge_->pump();
    clients_.push();
}

void Server::tick() {
    clients_.tick();
    neighbours_.tick();
    operations_.tick(status());
    phones_.tick();
    datagrams_.tick();
    if (bridge_) bridge_->tick();
    if (core_.sealing != nullptr) {
        core_.sealing->handshakes.tick();
    } else if (broker_sealing_ != nullptr) {
        broker_sealing_->handshakes.tick();
    }
    wire_.trim();
    // From the time it was due, so that the ticks do not drift; from now, when they fell behind.
    tick_.start_at(std::max(tick_.due() + tick_interval, core_.loop.now()));
}

watch::Status Server::status() const {
    watch::Status status{.up = core_.loop.now() - started_at_,
                         .draining = draining_,
                         .journal = journal_.state(),
                         .journal_always = config_.journal.fsync == config::Fsync::always,
                         .reload_refused = !reloaded_,
                         .pid = pid_,
                         .settings = settings_,
                         .corrupted = spoiler_.count()};
    core_.describe(status);
    neighbours_.describe(status);
    clients_.describe(status);
    operations_.describe(status);
    phones_.describe(status);
    if (bridge_) bridge_->describe(status);
    status.ready = operations_.ready(status);
    return status;
}

std::string_view Server::tell_status(std::span<char> out, watch::Audience audience) {
    return format_status(out, status(), audience);
}

void Server::look(ops::Snapshot& snapshot) {
    snapshot = {.status = status(),
                .version = HERD_VERSION,
                .started_s = started_s_,
                .limits = &core_.limits,
                .wire = wire_.counters(),
                .blocks = wire_.blocks().in_use(),
                .journal_loaded = journal_.loaded(),
                .journal_bytes = journal_.size(),
                .journal_unsynced = journal_.unsynced(),
                .places = places_.tally(),
                .iterations = &core_.loop.iterations(),
                .syncs = &journal_.sync_times(),
                .process = reactor::sys::process(),
                .reloaded = reloaded_,
                .reloaded_s = reloaded_s_};
}

void Server::note_reload(bool obeyed) {
    reloaded_ = obeyed;
    ++(obeyed ? counters_.reloads : counters_.reloads_refused);
    if (obeyed) reloaded_s_ = reactor::sys::wall_ns() / second_ns;
}

void Server::on_settings() {
    log_.set_wire(config_.log.wire);
    journal_.sync_always(config_.journal.fsync == config::Fsync::always);
    phones_.change_accuracy(config_.max_accuracy_m);
    // Answers that the journal holds back may have waited long enough by now.
    wire_.post_flush();
    state_settings();
}

void Server::state_settings() {
    settings_ = watch::settings_json(config::brief(config::state(config_, self_)));
}

Outcome<std::vector<access::Secret>> Server::read_secrets() const {
    return access::Secret::read_copies(config_.access.secret_file, secret_holders);
}

void Server::renew(std::vector<access::Secret> secrets) {
    assert(secrets.size() == secret_holders);
    const std::uint32_t of_connections = clients_.renew(std::move(secrets[0]));
    const std::uint32_t of_streams = operations_.renew(std::move(secrets[1]));
    phones_.renew(std::move(secrets[2]));
    datagrams_.renew(std::move(secrets[3]));
    if (of_connections + of_streams == 0) return;
    log_.event(Level::info, "grants_ended")
        .field("connections", std::uint64_t{of_connections})
        .field("streams", std::uint64_t{of_streams});
}

void Server::check() const {
    core_.check();
    journal_.check();
    expiry_.check();
    neighbours_.check();
    clients_.check();
    operations_.check();
    phones_.check();
    if (bridge_) bridge_->check();
}

void Server::shut_down() {
    if (std::exchange(draining_, true)) return;
    log_.event(Level::info, "stopping").field("clients", std::uint64_t{clients_.size()});
    clients_.drain();
    phones_.drain();
    datagrams_.close();
    operations_.drain();
    neighbours_.drain();
    journal_.leave();
    drain_until_ = core_.loop.now() + std::chrono::milliseconds(config_.limits.shutdown_ms);
    drain_.start(reactor::Duration::zero());
}

void Server::check_drained() {
    const bool owes = clients_.size() > 0 || phones_.size() > 0 || journal_.owes() ||
                      neighbours_.owes() || (bridge_ && bridge_->owes());
    if (owes && core_.loop.now() < drain_until_) return drain_.start(drain_interval);
    neighbours_.stop();
    if (bridge_) bridge_->stop();
    log_.event(Level::info, "stopped")
        .field("iamat", counters_.iamat)
        .field("whatsat", counters_.whatsat)
        .field("invalid", counters_.invalid)
        .field("relayed", counters_.relayed)
        .field("clients_stored", std::uint64_t{table_.size()});
    stopped_();
}

}  // namespace herd
