#include "herd/bridge/bucket_link.hpp"

#include "herd/bridge/login.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::bridge {

namespace {

// A broker that is back is found within a second.
constexpr reactor::Connector::Pace pace{.pause_max = std::chrono::seconds(1),
                                        .dial_max = std::chrono::seconds(2)};

// What is heard of a client is forgotten by its effective time, which may be a minute ahead.
std::int64_t max_age_ns(std::int64_t ttl_ns) {
    return ttl_ns == 0 ? 0 : ttl_ns + table::rules::slack_ns;
}

}  // namespace

BucketLink::BucketLink(Core& core,
                       const config::Bridge& config,
                       std::uint32_t rank,
                       const nats::Sealing* sealing)
    : core_(core),
      config_(config),
      rank_(config.standby_ms == 0 ? 0 : rank),
      subjects_(config),
      options_{.addresses = config.addresses,
               .name = "herd " + std::string(core.name),
               .user = config.user,
               .sealing = sealing,
               .pace = pace},
      connection_(core.loop, core.wire, core.log, options_, *this),
      purges_(connection_),
      reader_(core, connection_, config, max_age_ns(core.ttl_ns), subjects_, *this),
      follower_(core.table),
      patience_(core.loop,
                rank_ * std::chrono::milliseconds(config.standby_ms),
                Patience::Over::to<&BucketLink::on_patience_over>(*this)),
      silence_(core.loop, silence_time, Patience::Over::to<&BucketLink::on_silence_over>(*this)),
      heal_timer_(core.loop, reactor::Delegate<void()>::to<&BucketLink::on_heal_timer>(*this)) {}

std::uint64_t BucketLink::memory_max(const config::Config& config) {
    const std::uint32_t slots = config.limits.clients;
    return Shown::memory(slots) + Window::memory(config.bridge.window) +
           2 * SlotSet::memory(slots) + 2 * Patience::memory(slots);
}

Outcome<> BucketLink::open() {
    const std::uint32_t slots = core_.table.capacity();
    auto mapped = shown_.map(slots);
    if (mapped) mapped = window_.map(config_.window);
    if (mapped) mapped = due_.map(slots);
    if (mapped) mapped = heal_.map(slots);
    if (mapped) mapped = patience_.map(slots);
    if (mapped) mapped = silence_.map(slots);
    if (!mapped) return failure("cannot map memory", mapped.error());
    if (auto opened = subjects_.open(); !opened) return opened;
    auto login = read_login(config_);
    if (!login) return std::unexpected(login.error());
    options_.password = std::move((*login).password);
    options_.token = std::move((*login).token);
    return {};
}

void BucketLink::start() {
    clear_at_ = core_.loop.now();
    connection_.start();
}

void BucketLink::stop() {
    stopped_ = true;
    reader_.end();
    connection_.stop();
}

void BucketLink::check() const {
    connection_.check();
    reader_.check();
    follower_.check();
    window_.check();
    due_.check();
    heal_.check();
    patience_.check();
    silence_.check();
    assert(!reader_.live() || has_read_);
    assert(rank_ > 0 || patience_.empty());
    assert(shown_.keys() <= core_.table.slots());
}

void BucketLink::on_live() {
    if (stopped_) return;
    using Deliver = nats::Connection::Deliver;
    std::array<char, 80> text{};
    protocol::TextWriter writer(text);
    put_reply_prefix(writer);
    writer.put('*');
    sid_ =
        connection_.subscribe(writer.text(), Deliver::to<&BucketLink::on_acknowledgement>(*this));
    reader_.begin();
}

void BucketLink::on_down(nats::Ended) {
    ++drops_;
    healing_ = false;
    heals_ = 0;
    held_until_ = {};
    reader_.end();
    drop_window();
    silence_.drop([this](std::uint32_t slot) { due_.add(slot); });
}

// From its start on the bucket is not known, and the window's numbers are another stream's.
void BucketLink::on_reading(bool whole) {
    if (!whole) return;
    drop_window();
    silence_.drop([](std::uint32_t) {});
    heal_.clear();
    reread_ = false;
    unseen_ = 0;
    heal_timer_.cancel();
    shown_.begin_reading(core_.table.slots());
}

void BucketLink::on_read(bool whole) {
    has_read_ = true;
    shown_.end_reading();
    if (whole) follower_.resume({});
    core_.log.event(Level::info, "bucket_read")
        .field("stream", subjects_.stream())
        .field("seq", reader_.seq())
        .field("keys", shown_.keys())
        .field("all", whole ? "yes" : "no");
    core_.wire.post_flush();
}

void BucketLink::on_unreadable(Reopened why) {
    ++core_.counters.bridge_reopened;
    healing_ = false;
    if (why == Reopened::round) heals_ = 0;
    if (why == Reopened::gone || why == Reopened::remade) drop_window();
}

std::uint64_t BucketLink::keys_forgotten() const {
    if (core_.ttl_ns == 0) return 0;
    std::uint64_t kept = 0;
    for (std::uint32_t slot = 0; slot < core_.table.slots(); ++slot) {
        if (core_.table.used(slot) && shown_.counts(slot)) ++kept;
    }
    assert(kept <= shown_.keys());
    return shown_.keys() - kept;
}

// What was on its way when the broker stood still is lost to us.
void BucketLink::tick() {
    if (stopped_ || !connection_.live()) return;
    if (window_.waiting(core_.loop.now()) > acknowledgement_max) {
        ++core_.counters.bridge_stalled;
        core_.log.event(Level::warning, "bucket_stalled")
            .field("unacknowledged", std::uint64_t{window_.unacknowledged()});
        return connection_.redial();
    }
    reader_.tick();
    if (!heal_timer_.pending()) on_heal_timer();
    core_.wire.post_flush();
}

bool BucketLink::owes() const {
    const bool pending = follower_.behind() || !due_.empty() || window_.unacknowledged() > 0;
    return live() && pending;
}

void BucketLink::describe(watch::Status& status) const {
    const nats::Counters& counters = connection_.counters();
    status.counters.bridge_drops = drops_;
    status.counters.bridge_denied = counters.of(nats::Ended::denied) + counters.permissions;
    watch::BridgeStatus& bridge = status.bridge;
    bridge.bucket = config_.bucket;
    bridge.state = reader_.state();
    bridge.standby = rank_ > 0;
    bridge.keys = shown_.keys();
    bridge.pending = reader_.pending();
    bridge.lag_records = core_.table.feed().seq() - follower_.position().seq + due_.size();
    if (!connection_.live()) return;
    bridge.broker = connection_.address();
    bridge.version = connection_.broker().version.text();
    bridge.server_id = connection_.broker().server_id.text();
    bridge.created = reader_.stream().created.text();
    bridge.tls = options_.sealing != nullptr;
    bridge.seq = reader_.seq();
    bridge.window = window_.unacknowledged();
    bridge.round_trip = window_.round_trip();
    if (!is_clear()) bridge.lag = core_.loop.now() - clear_at_;
}

}  // namespace herd::bridge
