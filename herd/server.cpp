#include "herd/server.hpp"

#include "herd/config/text.hpp"

#include <algorithm>
#include <chrono>

namespace herd {

namespace {

using reactor::Delegate;

constexpr reactor::Duration tick_interval = std::chrono::seconds(1);
constexpr reactor::Duration drain_interval = std::chrono::milliseconds(10);

}  // namespace

Server::Server(reactor::Loop& loop,
               places::Places& places,
               const config::Config& config,
               const config::Server& self,
               Delegate<void()> stopped,
               const Sealings& sealings)
    : stopped_(stopped),
      wings_(loop,
             places,
             config,
             self,
             {links::Neighbours::TellStatus::to<&Overview::tell_status>(overview_),
              ops::OpsService::Look::to<&Overview::look>(overview_)},
             sealings),
      overview_(wings_),
      tick_(loop, Delegate<void()>::to<&Server::tick>(*this)),
      drain_(loop, Delegate<void()>::to<&Server::check_drained>(*this)) {}

Outcome<> Server::open() {
    if (auto opened = wings_.open(); !opened) return opened;
    overview_.state_settings();
    wings_.wire.send_first(Delegate<void()>::to<&Wings::flood>(wings_));
    return wings_.listen();
}

void Server::start() {
    const config::Server& self = wings_.self;
    Log& log = wings_.log;
    log.event(Level::info, "started")
        .field("server", self.name)
        .field("clients", self.takes_clients() ? config::text_of(wings_.clients.address()) : "none")
        .field("peers", config::text_of(wings_.neighbours.address()));
    if (wings_.core.sealing != nullptr && wings_.core.sealing->plain_peers) {
        log.event(Level::warning, "insecure_peers")
            .field("why", "neighbours that do not speak TLS are neighbours, too");
    }
    wings_.start();
    overview_.note_start();
    tick_.start(tick_interval);
}

void Server::tick() {
    wings_.tick();
    wings_.operations.tick(overview_.status());
    // From the time it was due, so that the ticks do not drift; from now, when they fell behind.
    tick_.start_at(std::max(tick_.due() + tick_interval, wings_.core.loop.now()));
}

void Server::on_settings() {
    const config::Config& config = wings_.config;
    wings_.log.set_wire(config.log.wire);
    wings_.journal.sync_always(config.journal.fsync == config::Fsync::always);
    wings_.phones.change_accuracy(config.max_accuracy_m);
    // Answers that the journal holds back may have waited long enough by now.
    wings_.wire.post_flush();
    overview_.state_settings();
}

void Server::shut_down() {
    if (overview_.draining()) return;
    overview_.note_draining();
    wings_.log.event(Level::info, "stopping")
        .field("clients", std::uint64_t{wings_.clients.size()});
    wings_.drain();
    drain_until_ =
        wings_.core.loop.now() + std::chrono::milliseconds(wings_.config.limits.shutdown_ms);
    drain_.start(reactor::Duration::zero());
}

void Server::check_drained() {
    if (wings_.owes() && wings_.core.loop.now() < drain_until_) return drain_.start(drain_interval);
    wings_.stop();
    const watch::Counters& counters = wings_.counters;
    wings_.log.event(Level::info, "stopped")
        .field("iamat", counters.iamat)
        .field("whatsat", counters.whatsat)
        .field("invalid", counters.invalid)
        .field("relayed", counters.relayed)
        .field("clients_stored", std::uint64_t{wings_.table.size()});
    stopped_();
}

}  // namespace herd
