#include "herd/program/serve.hpp"

#include "herd/config/text.hpp"
#include "herd/keys/names.hpp"
#include "herd/log.hpp"
#include "herd/nats/connection.hpp"
#include "herd/needs.hpp"
#include "herd/outcome.hpp"
#include "herd/places/trouble.hpp"
#include "herd/places/upstream.hpp"
#include "herd/program/certificate_watch.hpp"
#include "herd/program/memory.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/refused_start.hpp"
#include "herd/program/reload.hpp"
#include "herd/program/service_manager.hpp"
#include "herd/sealing.hpp"
#include "herd/server.hpp"
#include "herd/tls/dialler.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/loop.hpp"
#include "reactor/signals.hpp"
#include "reactor/sys.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace herd::program {

namespace {

using reactor::Delegate;

constexpr reactor::Duration look_interval = std::chrono::milliseconds(10);
constexpr std::size_t state_size_max = 64;

// Members are in the order in which they borrow from each other.
class Serving {
public:
    Serving(config::Config& config, const config::Server& self, const ServeOptions& options)
        : config_(config),
          self_(self),
          corruptible_(options.corruptible),
          places_(loop_),
          sealer_(config.keys, self.name, config.limits.tls_connections),
          handshakes_(loop_, handshake_limits(config.limits), &tls::OpensslSealer::leave_thread),
          sealing_{sealer_, handshakes_, config.insecure_peers},
          broker_sealing_{handshakes_,
                          Delegate<reactor::SealPtr()>::to<&Serving::dial_broker>(*this),
                          config.bridge.tls.first},
          server_(loop_,
                  places_.places(),
                  config,
                  self,
                  Delegate<void()>::to<&Serving::on_stopped>(*this),
                  {.herd = config.keys.empty() ? nullptr : &sealing_,
                   .brokers = seals_brokers() ? &broker_sealing_ : nullptr}),
          certificate_(loop_, sealer_, server_.log()),
          reload_(config, self, options.read, server_, places_, sealer_, certificate_),
          signals_(loop_, Delegate<void(int)>::to<&Serving::on_signal>(*this)),
          look_(loop_, Delegate<void()>::to<&Serving::on_look>(*this)),
          beat_(loop_, Delegate<void()>::to<&Serving::on_beat>(*this)) {}

    Outcome<> start();
    void run() { loop_.run(); }

private:
    Outcome<> check_servers() const;
    Outcome<> raise_limit() const;
    Outcome<> check_memory() const;
    Outcome<> open_sealing();
    bool seals_brokers() const { return self_.bridge && config_.bridge.is_sealed(); }
    reactor::SealPtr dial_broker() { return broker_dialler_.dial(config_.bridge.tls.name); }
    std::string bridge_text() const;
    void reload();
    void say(const std::string& what) const;
    void warn(const std::string& what) const;
    void say_where() const;
    void warn_of_journal();
    void warn_of_certificate();
    void begin_service();
    std::string_view name_of(const reactor::Ports::Opened& port) const;
    std::string_view state(std::span<char> out) const;

    void on_look();
    void on_beat();
    void on_places_trouble(places::Trouble trouble);
    void on_signal(int signal);
    void spoil_one();
    void on_stopped() { loop_.stop(); }

    const config::Config& config_;
    const config::Server& self_;
    bool corruptible_;
    ServiceManager manager_;
    reactor::Loop loop_;
    places::Upstream places_;
    tls::OpensslSealer sealer_;
    reactor::Handshakes handshakes_;
    Sealing sealing_;
    tls::Dialler broker_dialler_;
    nats::Sealing broker_sealing_;
    Server server_;
    CertificateWatch certificate_;
    Reload reload_;
    reactor::Signals signals_;
    reactor::Timer look_;  // for the links to be up, and the journal read
    reactor::Timer beat_;  // while a service manager wants to hear
    bool stopping_ = false;
    bool journal_told_ = false;  // It has been read, and what is wrong with it was said.
    bool links_told_ = false;
};

Outcome<> Serving::start() {
    if (auto fine = check_servers(); !fine) return fine;
    if (auto raised = raise_limit(); !raised) return raised;
    if (auto room = check_memory(); !room) return room;
    reactor::sys::take_pages_at_once(config_.prefault);
    const auto opened = loop_.open(loop_limits(config_), config_.spin);
    if (!opened) return failure("event loop", opened.error());
    manager_.hand_down(loop_.ports());
    if (ServiceManager::reads_standard_error()) server_.log().write_for_journal();
    if (auto done = places_.open(config_.places, config_.limits); !done) return done;
    if (auto done = open_sealing(); !done) return done;
    if (const auto done = server_.open(); !done) return std::unexpected(done.error());
    if (const auto done = signals_.open(corruptible_); !done)
        return failure("signals", done.error());
    places_.client().tell(Delegate<void(places::Trouble)>::to<&Serving::on_places_trouble>(*this));
    server_.note_process(own_pid());
    if (own_pid() == 1) reap_nobody();
    server_.start();
    if (!config_.keys.empty()) certificate_.start();
    begin_service();
    look_.start(reactor::Duration::zero());
    warn_of_journal();
    warn_of_certificate();
    say_where();
    return {};
}

void Serving::warn_of_journal() {
    if (journal_told_ || !server_.journal().whole()) return;
    journal_told_ = true;
    const std::string journal = "the journal in " + config_.journal.folder;
    if (server_.journal().state() == "failed") {
        warn(journal +
             " cannot be written, so positions are in memory only until it can; the log says why");
    }
    if (const std::uint64_t damaged = server_.counters().journal_damaged_bytes; damaged > 0) {
        warn(std::to_string(damaged) + " bytes of " + journal +
             " are not what was written: the disk, or a power failure, has lost what stood there; "
             "all else was read, and the file is kept; the log says which");
    }
    if (const std::uint64_t refused = server_.counters().journal_refused; refused > 0) {
        warn(journal + " has " + std::to_string(refused) +
             " records that limits.clients, limits.long_records, limits.line_max or max_future_ms "
             "refuse; they are kept in " +
             self_.name + ".journal.refused-..., for a start that takes them");
    }
}

// It goes on all the same: clients may be content with it.
void Serving::warn_of_certificate() {
    const std::string doubt = config_.keys.empty() ? std::string() : sealer_.doubt();
    if (doubt.empty()) return;
    server_.log().event(Level::error, "certificate_refused_by_neighbours").field("why", doubt);
    warn("no neighbour will believe it: " + doubt + " (herd check, herd keys)");
}

void Serving::say_where() const {
    const auto& clients_tls = server_.clients().tls_address();
    const auto& http = server_.operations().address();
    const auto& https = server_.operations().tls_address();
    const auto& phones = server_.phones().address();
    const auto& phones_tls = server_.phones().tls_address();
    const auto& udp = server_.datagrams().address();
    const bool clients = self_.takes_clients();
    say(": " +
        (clients ? "clients on " + config::text_of(server_.clients().address()) + ", " : "") +
        (clients_tls ? "clients with TLS on " + config::text_of(*clients_tls) + ", " : "") +
        "peers on " + config::text_of(server_.neighbours().address()) +
        (http ? ", http on " + config::text_of(*http) : "") +
        (https ? ", https on " + config::text_of(*https) : "") +
        (phones ? ", phones on " + config::text_of(*phones) : "") +
        (phones_tls ? ", phones with TLS on " + config::text_of(*phones_tls) : "") +
        (udp ? ", udp on " + config::text_of(*udp) : "") + bridge_text());
}

// The one that it had before is gone by now, so its sockets are ours alone.
void Serving::begin_service() {
    manager_.keep(
        loop_.ports(),
        Delegate<std::string_view(const reactor::Ports::Opened&)>::to<&Serving::name_of>(*this));
    const auto taken_over = static_cast<std::uint64_t>(
        std::ranges::count(loop_.ports().opened(), true, &reactor::Ports::Opened::taken_over));
    if (taken_over > 0) {
        server_.log().event(Level::info, "ports_taken_over").field("count", taken_over);
    }
    if (!manager_.present()) return;
    std::array<char, state_size_max> text{};
    manager_.ready(state(text));
    beat_.start(manager_.beat_interval());
}

// That of the setting, whose characters a name may have.
std::string_view Serving::name_of(const reactor::Ports::Opened& port) const {
    const reactor::Address& at = port.address;
    if (port.kind == reactor::Ports::Kind::datagrams) return "udp";
    if (at == self_.clients) return "clients";
    if (at == self_.clients_tls) return "clients_tls";
    if (at == self_.http) return "http";
    if (at == self_.https) return "https";
    if (at == self_.phones) return "phones";
    return at == self_.phones_tls ? "phones_tls" : "peers";
}

// "5 of 6 links, 100000 clients": those whose position is known.
std::string_view Serving::state(std::span<char> out) const {
    const links::Reach reach = server_.neighbours().reach();
    const int size = std::snprintf(out.data(),
                                   out.size(),
                                   "%u of %u links, %u clients",
                                   reach.live,
                                   reach.configured,
                                   server_.table().size());
    assert(size > 0 && static_cast<std::size_t>(size) < out.size());
    return {out.data(), static_cast<std::size_t>(size)};
}

void Serving::on_beat() {
    std::array<char, state_size_max> text{};
    manager_.beat(state(text), loop_.now());
    beat_.start(manager_.beat_interval());
}

Outcome<> Serving::check_servers() const {
    for (const std::string& name : self_.neighbours) {
        assert(config_.find(name) != nullptr);
        if (config_.find(name)->peers.port != 0) continue;
        return std::unexpected("its neighbour " + name + " has no fixed port for peers");
    }
    return {};
}

std::string Serving::bridge_text() const {
    if (!self_.bridge) return "";
    return ", bridge to KV_" + config_.bridge.bucket + " at " +
           config::text_of(config_.bridge.addresses);
}

Outcome<> Serving::open_sealing() {
    if (!config_.keys.empty()) {
        if (auto checked = keys::check_names(config_); !checked) return checked;
        if (auto opened = sealer_.open(wire_limits(config_).send_size); !opened) return opened;
    }
    if (seals_brokers()) {
        const config::BridgeTls& given = config_.bridge.tls;
        const tls::Files files{given.authority, given.certificate, given.key};
        auto opened = broker_dialler_.open(files, wire_limits(config_).send_size);
        if (!opened) return failure("bridge.tls", opened.error());
    }
    if (config_.keys.empty() && !seals_brokers()) return {};
    if (const auto opened = handshakes_.open(); !opened) {
        return failure("handshakes", opened.error());
    }
    return {};
}

void Serving::reload() {
    manager_.reloading();
    reload_.run();
    std::array<char, state_size_max> text{};
    if (manager_.present()) manager_.ready(state(text));
}

Outcome<> Serving::raise_limit() const {
    const std::uint64_t needed = descriptors(config_);
    const auto allowed = reactor::sys::raise_descriptor_limit(needed);
    if (!allowed) return failure("open files", allowed.error());
    if (*allowed >= needed) return {};
    const std::uint64_t excess = needed - *allowed;
    const std::uint64_t connections = config_.limits.connections;
    std::string advice = "raise the limit";
    if (connections > excess) {
        advice += ", or set limits.connections to at most " + std::to_string(connections - excess);
    }
    return std::unexpected("open files (ulimit -n): " + std::to_string(needed) + " needed, " +
                           std::to_string(*allowed) + " allowed: " + advice);
}

// What is taken at the start, and is more than there is or a container may have, has the system end
// the process in the middle of it.
Outcome<> Serving::check_memory() const {
    const std::string want = config_.prefault ? want_of_memory(config_) : std::string();
    if (want.empty()) return {};
    return std::unexpected("memory: " + want + ", or \"prefault\": false");
}

void Serving::say(const std::string& what) const {
    std::printf("%s%s\n", self_.name.c_str(), what.c_str());
    std::fflush(stdout);
}

void Serving::warn(const std::string& what) const {
    std::fprintf(stderr, "%s: %s\n", self_.name.c_str(), what.c_str());
}

void Serving::on_places_trouble(places::Trouble trouble) {
    auto line = server_.log().event(Level::warning, "places_trouble");
    line.field("kind", places::facts(trouble).name);
    const std::string_view why = places_.fetcher().why_unusable();
    if (trouble == places::Trouble::internal && !why.empty()) line.field("why", why);
    if (trouble != places::Trouble::unreachable) return;
    if (config_.places.provider != config::Provider::offline) return;
    line.field("why",
               "nobody listens at places.url, as `herd places` does, which `herd up` starts");
}

void Serving::on_look() {
    assert(!look_.pending());
    assert(!stopping_);
    warn_of_journal();
    const bool linked = server_.neighbours().reach().live >= self_.neighbours.size();
    if (linked && !std::exchange(links_told_, true)) say(linked_line);
    if (!links_told_ || !journal_told_) look_.start(look_interval);
}

void Serving::spoil_one() {
    const std::string_view client = server_.spoiler().spoil_one(reactor::sys::random_bits());
    server_.log().event(Level::warning, "corrupted").field("client", client);
}

void Serving::on_signal(int signal) {
    if (signal == reactor::Signals::user) return spoil_one();
    if (signal == reactor::Signals::hang_up && !stopping_) return reload();
    if (signal == reactor::Signals::hang_up) return server_.log().reopen();
    if (std::exchange(stopping_, true)) std::_Exit(1);
    look_.cancel();
    manager_.stopping();
    server_.shut_down();
}

}  // namespace

int serve(config::Config& config, const config::Server& self, const ServeOptions& options) {
    const auto served = [&]() -> Outcome<> {
        if (self.legacy) return std::unexpected("it is marked legacy: another program serves it");
        Serving serving(config, self, options);
        if (auto started = serving.start(); !started) return started;
        serving.run();
        return {};
    }();
    if (served) return 0;
    std::fprintf(stderr, "%s: %s\n", self.name.c_str(), served.error().c_str());
    if (!self.legacy) log_refused_start(config.log, self.name, served.error());
    return 2;
}

}  // namespace herd::program
