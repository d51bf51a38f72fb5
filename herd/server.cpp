#include "herd/server.hpp"

#include "protocol/peer_message.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <variant>

namespace herd {

namespace {

constexpr reactor::Duration tick_interval = std::chrono::seconds(1);
constexpr reactor::Duration drain_interval = std::chrono::milliseconds(10);
// What a batch to a neighbour may take, beside one line of any length.
constexpr std::size_t flood_batch_size = std::size_t{64} << 10;
// An AT line has a server's name and a skew more than the IAMAT it answers.
constexpr std::uint32_t at_line_surplus = 192;
// Listeners, epoll, log, signals and what libcurl and the C library hold.
constexpr std::uint32_t other_descriptors = 64;

using Failure = std::unexpected<std::string>;

std::string explain(std::string_view what, reactor::Errno error) {
    return std::string(what) + ": " + std::string(reactor::describe(error));
}

std::string text_of(const reactor::Address& address) {
    std::array<char, reactor::address_text_size_max> text{};
    return std::string(address.text(text));
}

}  // namespace

reactor::Loop::Limits Server::loop_limits(const config::Config& config) {
    const auto servers = static_cast<std::uint32_t>(config.servers.size());
    return {.watches = config.limits.connections + config.limits.peer_connections + 2 * servers +
                       reactor::Loop::guests_max + other_descriptors,
            .timers = 2 * servers + config.limits.places_in_flight + other_descriptors};
}

std::uint64_t Server::descriptors(const config::Config& config) {
    return std::uint64_t{config.limits.connections} + config.limits.peer_connections +
           config.servers.size() + std::uint64_t{2} * config.limits.places_in_flight +
           other_descriptors;
}

Server::Server(reactor::Loop& loop,
               places::Places& places,
               const config::Config& config,
               const config::Server& self,
               reactor::Delegate<void()> stopped)
    : config_(config),
      self_(self),
      loop_(loop),
      stopped_(stopped),
      wire_(loop),
      log_(loop),
      core_{loop,
            wire_,
            table_,
            log_,
            counters_,
            places,
            config.limits,
            self.name,
            reactor::sys::random_bits() | 1,
            config.max_future_ms * 1'000'000},
      client_host_{
          .ended = reactor::Delegate<void(clients::Session&)>::to<&Server::on_client_ended>(*this)},
      journal_(core_, config.journal),
      barrier_(core_,
               {reactor::Delegate<bool(std::uint64_t)>::to<&Server::links_have>(*this),
                reactor::Delegate<void()>::to<&Server::mark_links>(*this),
                reactor::Delegate<links::Reach()>::to<&Server::reach>(*this)}),
      repair_(core_),
      expiry_(core_),
      peer_host_{
          reactor::Delegate<links::Neighbour*(std::string_view)>::to<&Server::neighbour>(*this),
          reactor::Delegate<void(links::PeerSession&)>::to<&Server::on_peer_ended>(*this),
          reactor::Delegate<void(std::uint32_t)>::to<&links::Repair::start>(repair_),
          reactor::Delegate<bool(const reactor::Address&)>::to<&Server::is_legacy>(*this),
          reactor::Delegate<std::string_view(std::span<char>)>::to<&Server::status>(*this)},
      client_listener_(loop,
                       reactor::Delegate<void(reactor::Socket)>::to<&Server::on_client>(*this)),
      peer_listener_(loop, reactor::Delegate<void(reactor::Socket)>::to<&Server::on_peer>(*this)),
      tick_(loop, reactor::Delegate<void()>::to<&Server::tick>(*this)),
      drain_(loop, reactor::Delegate<void()>::to<&Server::check_drained>(*this)) {}

Server::~Server() = default;

Outcome<> Server::open() {
    core_.ttl_ns = config_.ttl_s * 1'000'000'000;
    if (auto mapped = map_memory(); !mapped) return mapped;
    if (auto opened = open_log(); !opened) return opened;
    if (!config_.journal.folder.empty()) {
        core_.journal = &journal_;
        if (auto opened = journal_.open(); !opened) return opened;
    }
    core_.barrier = &barrier_;
    core_.clients = &client_host_;
    add_neighbours();
    wire_.send_first(reactor::Delegate<void()>::to<&Server::flood>(*this));
    return listen();
}

Outcome<> Server::map_memory() {
    const config::Limits& limits = config_.limits;
    const std::uint32_t line_max = limits.line_max + at_line_surplus;
    const auto neighbours = static_cast<std::uint32_t>(self_.neighbours.size()) + 1;
    const reactor::Wire::Limits wire{
        .send_size = std::size_t{limits.places_body_max} + line_max + (std::size_t{256} << 10),
        .blocks = limits.blocks,
        .blocks_reserved = limits.blocks / 8,
    };
    const std::array results = {
        wire_.open(wire),
        table_.open({limits.clients, limits.long_records, line_max},
                    table::ClientHash(reactor::sys::random_bits(), reactor::sys::random_bits())),
        neighbours_.map(neighbours),
        legacy_links_.map(neighbours),
        clients_.map(limits.connections),
        client_host_.questions.map(limits.connections),
        peers_.map(limits.peer_connections),
        barrier_.open(),
    };
    for (const auto& result : results) {
        if (!result) return Failure(explain("cannot map memory", result.error()));
    }
    auto buffer = reactor::PageArray<char>::map(flood_batch_size + 2 * std::size_t{line_max});
    if (!buffer) return Failure(explain("cannot map memory", buffer.error()));
    flood_buffer_ = std::move(*buffer);
    return {};
}

Outcome<> Server::open_log() {
    const std::string& folder = config_.log.folder;
    std::string path = "-";
    if (folder != "-") {
        if (auto made = reactor::sys::make_folder(folder.c_str()); !made) {
            return Failure(explain("log folder " + folder, made.error()));
        }
        path = folder + "/" + self_.name + ".log";
    }
    if (auto opened = log_.open(path.c_str(), config_.log.wire); !opened) {
        return Failure(explain("log " + path, opened.error()));
    }
    return {};
}

void Server::add_neighbours() {
    std::uint32_t index = 0;
    for (const std::string& name : self_.neighbours) {
        const config::Server* other = config_.find(name);
        assert(other != nullptr);
        [[maybe_unused]] const bool added =
            other->legacy
                ? legacy_links_.emplace(core_, other->name, other->peers) != nullptr
                : neighbours_.emplace(core_, index++, other->name, other->peers) != nullptr;
        assert(added);
    }
}

Outcome<> Server::listen() {
    auto clients = client_listener_.listen(self_.clients);
    if (!clients) {
        return Failure(explain("clients' address " + text_of(self_.clients), clients.error()));
    }
    auto peers = peer_listener_.listen(self_.peers);
    if (!peers) return Failure(explain("peers' address " + text_of(self_.peers), peers.error()));
    client_address_ = *clients;
    peer_address_ = *peers;
    return {};
}

void Server::aim(std::string_view name, const reactor::Address& address) {
    if (links::Neighbour* const found = neighbour(name)) found->link().aim(address);
    legacy_links_.for_each([&](links::LegacyLink& link) {
        if (link.name() == name) link.aim(address);
    });
}

void Server::start() {
    log_.event(Level::info, "started")
        .field("server", self_.name)
        .field("clients", text_of(client_address_))
        .field("peers", text_of(peer_address_));
    each_link([](auto& link) { link.start(); });
    started_at_ = loop_.now();
    expiry_.start();
    tick_.start(tick_interval);
}

std::uint32_t Server::live_links() const {
    std::uint32_t count = 0;
    neighbours_.for_each(
        [&](const links::Neighbour& neighbour) { count += neighbour.link().live(); });
    legacy_links_.for_each([&](const links::LegacyLink& link) { count += link.live(); });
    return count;
}

links::Reach Server::reach() {
    return {live_links(), neighbours_.size() + legacy_links_.size()};
}

bool Server::links_have(std::uint64_t seq) {
    bool all = true;
    each_link([&](const auto& link) { all = all && link.has(seq); });
    return all;
}

void Server::mark_links() {
    each_link([](auto& link) { link.mark_soon(); });
}

links::Neighbour* Server::neighbour(std::string_view name) {
    links::Neighbour* found = nullptr;
    neighbours_.for_each([&](links::Neighbour& neighbour) {
        if (neighbour.name() == name) found = &neighbour;
    });
    return found;
}

bool Server::is_legacy(const reactor::Address& from) const {
    bool found = false;
    legacy_links_.for_each(
        [&](const links::LegacyLink& link) { found = found || link.is_at(from); });
    return found;
}

void Server::on_client(reactor::Socket socket) {
    tune(socket, reactor::Patience::client);
    clients::Session* session = clients_.emplace(core_);
    assert(session != nullptr);
    ++counters_.clients_accepted;
    if (!session->open(std::move(socket))) {
        clients_.release(*session);
        return;
    }
    if (!clients_.full()) return;
    client_listener_.pause();
    if (make_room()) return;
    ++counters_.clients_waited;
    log_.event(Level::warning, "connections_full").field("limit", clients_.capacity());
}

// The last slot is taken: the client that has been idle for longest goes. When all are busy, those
// who come now wait in the kernel's queue, until one ends or is found idle at a tick.
bool Server::make_room() {
    clients::Session* longest = nullptr;
    std::uint32_t idle_seconds = 0;
    clients_.for_each([&](clients::Session& session) {
        const std::uint32_t idle = session.idle_seconds(wire_.seconds());
        if (idle <= idle_seconds) return;
        longest = &session;
        idle_seconds = idle;
    });
    if (longest == nullptr) return false;
    ++counters_.clients_evicted;
    longest->evict();
    return true;
}

void Server::on_client_ended(clients::Session& session) {
    clients_.release(session);
    if (client_listener_.paused() && !draining_) client_listener_.resume();
}

void Server::on_peer(reactor::Socket socket) {
    tune(socket, reactor::Patience::neighbour);
    links::PeerSession* session = peers_.emplace(core_, peer_host_);
    assert(session != nullptr);
    if (!session->open(std::move(socket))) {
        peers_.release(*session);
        return;
    }
    // An old server dials for each message, and what it says to a closed door is lost for good:
    // those who come now wait in the kernel's queue.
    if (!peers_.full()) return;
    peer_listener_.pause();
    ++counters_.peers_waited;
}

void Server::on_peer_ended(links::PeerSession& session) {
    peers_.release(session);
    if (peer_listener_.paused() && !draining_) peer_listener_.resume();
}

void Server::flood() {
    if (core_.journal != nullptr) journal_.pump();
    const std::span<char> scratch(&flood_buffer_[0], flood_buffer_.size());
    each_link([scratch](auto& link) { link.pump(scratch); });
}

std::string_view Server::status(std::span<char> out) {
    watch::Status status{.server = self_.name,
                         .epoch = core_.epoch,
                         .up = loop_.now() - started_at_,
                         .draining = draining_,
                         .clients = clients_.size(),
                         .records = table_.size(),
                         .capacity = table_.capacity(),
                         .seq = table_.feed().seq(),
                         .digest = table_.digest().root(),
                         .journal = core_.journal == nullptr ? "off" : journal_.state(),
                         .corrupted = corrupted_,
                         .counters = &counters_};
    neighbours_.for_each([&](const links::Neighbour& neighbour) {
        watch::LinkStatus& link = status.links[status.link_count++];
        link = neighbour.link().status();
        link.hears = neighbour.session != nullptr;
    });
    legacy_links_.for_each(
        [&](const links::LegacyLink& link) { status.links[status.link_count++] = link.status(); });
    return watch::format_status(out, status);
}

bool Server::corrupt(const protocol::AtLine& line) {
    const bool done = table_.corrupt(line);
    corrupted_ += done;
    return done;
}

void Server::corrupt_one() {
    if (table_.size() == 0) return;
    auto slot = static_cast<std::uint32_t>(reactor::sys::random_bits() % table_.slots());
    while (!table_.used(slot)) slot = (slot + 1) % table_.slots();
    const std::string line(table_.line(table_.at(slot)));
    const auto message = protocol::parse_peer_message(line);
    assert(message.has_value());
    protocol::AtLine report = std::get<protocol::AtLine>(*message);
    report.location = "+0+0";
    report.whole = report.tail = {};
    const bool done = corrupt(report);
    log_.event(Level::warning, "corrupted").field("client", report.client).field("done", done);
}

void Server::tick() {
    const std::uint32_t now = wire_.seconds();
    clients_.for_each([now](clients::Session& session) { session.check(now); });
    if (clients_.full() && !draining_) make_room();
    peers_.for_each([](links::PeerSession& session) { session.tick(); });
    each_link([](auto& link) { link.tick(); });
    // From the time it was due, so that the ticks do not drift; from now, when they fell behind.
    tick_.start_at(std::max(tick_.due() + tick_interval, loop_.now()));
}

void Server::shut_down() {
    if (std::exchange(draining_, true)) return;
    log_.event(Level::info, "stopping").field("clients", std::uint64_t{clients_.size()});
    client_listener_.close();
    peer_listener_.close();
    clients_.for_each([](clients::Session& session) { session.drain(); });
    peers_.for_each([](links::PeerSession& session) { session.leave(); });
    each_link([](auto& link) { link.leave(); });
    if (core_.journal != nullptr) journal_.leave();
    drain_until_ = loop_.now() + std::chrono::milliseconds(config_.limits.shutdown_ms);
    drain_.start(reactor::Duration::zero());
}

bool Server::drained() {
    bool owes = clients_.size() > 0 || (core_.journal != nullptr && journal_.owes());
    each_link([&](const auto& link) { owes = owes || link.owes(); });
    return !owes;
}

void Server::check_drained() {
    if (!drained() && loop_.now() < drain_until_) {
        drain_.start(drain_interval);
        return;
    }
    each_link([](auto& link) { link.stop(); });
    log_summary();
    stopped_();
}

void Server::log_summary() {
    log_.event(Level::info, "stopped")
        .field("iamat", counters_.iamat)
        .field("whatsat", counters_.whatsat)
        .field("invalid", counters_.invalid)
        .field("relayed", counters_.relayed)
        .field("clients_stored", std::uint64_t{table_.size()});
    log_.flush();
}

}  // namespace herd
