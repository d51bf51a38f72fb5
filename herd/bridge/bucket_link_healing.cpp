// What a bridge does about what a broker has acknowledged and does not show.
//
// It is published again; a key that is silent then, too, a broker may have lost the way to, and
// purging it is what mends that. But a purge has every reader of the stream pass over what it was
// about to be told, without a word (nats-server 2.9.10). So one bridge at a time purges all keys
// that need it, or the whole stream where these are many, with a message before the first and one
// behind the last; it publishes nothing meanwhile, and then all bridges read the bucket anew.
#include "herd/bridge/bucket_link.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace herd::bridge {

namespace {

// Of all keys, one of so many, if that is more than config::Bridge::purged_singly.
constexpr std::uint32_t damage_share = 100;
// What does not help so often, one after the other, helps no more.
constexpr std::uint32_t heals_max = 3;
// From finding damage to purging: more of it may show, and not all bridges are to begin at once.
constexpr reactor::Duration heal_delay = std::chrono::milliseconds(200);
constexpr std::uint64_t heal_spread_ms = 500;
// Who has purged fills the bucket again, before others look what it lacks.
constexpr reactor::Duration reread_delay = std::chrono::milliseconds(1'500);
// Another bridge that has begun and does not end is not waited for.
constexpr reactor::Duration held_max = std::chrono::seconds(30);

constexpr std::string_view begin_word = "begin ";
constexpr std::string_view end_word = "end ";

}  // namespace

// Somebody's later publication of the same client may be what is shown next: it is waited for, for
// as long as the reader is behind the stream, and somewhat longer.
void BucketLink::on_silence_over(std::uint32_t slot) {
    if (!lacks(slot) || shown_.on_its_way(slot)) return;
    if (!shown_.is_silent(slot)) return owe(slot);
    if (core_.loop.now() - level_at_ > silence_time) return silence_.add(slot);
    on_unseen(slot);
}

void BucketLink::on_unseen(std::uint32_t slot) {
    ++core_.counters.bridge_unseen;
    // Nobody has asked what became of it, and it may have been refused: this time it is asked.
    if (shown_.counts(slot)) {
        shown_.forget(slot);
        due_.add(slot);
        return core_.wire.post_flush();
    }
    const bool first = shown_.fail(slot) == 1;
    if (first) ++unseen_;
    if (first && unseen_ <= much()) {
        due_.add(slot);
        return core_.wire.post_flush();
    }
    if (heals_ >= heals_max || reader_.stream().deny_purge) return give_up(slot);
    heal_.add(slot);
    if (heal_timer_.pending()) return;
    const std::uint64_t spread = reactor::sys::random_bits() % heal_spread_ms;
    heal_timer_.start(heal_delay + std::chrono::milliseconds(spread));
}

void BucketLink::heal() {
    const reactor::Instant now = core_.loop.now();
    if (healing_ || heal_.empty() || now < held_until_ || !reader_.live()) return;
    ++heals_;
    // Those that are published once more just now count as well: they would be the next to heal.
    const bool whole = unseen_ > much();
    if (whole && config_.recreate) {
        core_.counters.bridge_healed += unseen_;
        heal_.clear();
        return reader_.remake();
    }
    healing_ = true;
    say_healing(begin_word);
    if (!whole) return purge_next();
    if (!purge({})) finish_healing();
}

// More than that is the stream's trouble, and key by key it would take the broker minutes.
std::uint64_t BucketLink::much() const {
    return std::max<std::uint64_t>(core_.table.size() / damage_share, config_.purged_singly);
}

bool BucketLink::purge(std::string_view subject) {
    assert(healing_);
    const auto to = nats::CalledTo<Purged>::to<&BucketLink::on_purged>(*this);
    return purges_.purge(subjects_.stream(), subject, to) == nats::Said::yes;
}

void BucketLink::on_heal_timer() {
    if (reread_ && reader_.live()) return reader_.reopen(Reopened::healed);
    heal();
}

void BucketLink::say_healing(std::string_view word) {
    std::array<char, 160> text{};
    protocol::TextWriter writer(text);
    writer.put(word);
    put_self(writer);
    connection_.publish({.subject = subjects_.healing(), .payload = writer.text()});
}

void BucketLink::put_self(protocol::TextWriter& out) const {
    out.put(core_.name);
    out.put(' ');
    out.put_hex(core_.epoch, 16);
}

// Of those that are read with the rest of the bucket, the time is over.
void BucketLink::on_healing(std::string_view text) {
    std::array<char, 160> own{};
    protocol::TextWriter self(own);
    put_self(self);
    if (reader_.is_past() || text.ends_with(self.text())) return;
    if (text.starts_with(begin_word)) {
        held_until_ = core_.loop.now() + held_max;
    } else if (text.starts_with(end_word)) {
        held_until_ = {};
        if (!reread_) heal_timer_.start(reread_delay);
        reread_ = true;
    }
}

// One key at a time: each is work for the broker, and gives none of its room back.
void BucketLink::purge_next() {
    while (const auto slot = heal_.take()) {
        if (!lacks(*slot)) continue;
        const std::string_view client = core_.table.client(core_.table.at(*slot));
        const std::string_view subject = subjects_.of(client);
        if (subject.empty()) continue;
        purging_ = slot;
        if (purge(subject)) return;
        break;
    }
    finish_healing();
}

void BucketLink::on_purged(const nats::Called<Purged>& called) {
    const auto slot = std::exchange(purging_, std::nullopt);
    if (!healing_) return;
    if (called) {
        core_.counters.bridge_healed += slot ? 1 : unseen_;
    } else if (slot && called.error().kind == nats::Reply::Kind::answered) {
        give_up(*slot);
    }
    if (!slot) return finish_healing();
    purge_next();
}

void BucketLink::finish_healing() {
    healing_ = false;
    heal_.clear();
    purging_.reset();
    if (!connection_.live()) return;
    say_healing(end_word);
    core_.log.event(Level::warning, "bucket_healed")
        .field("stream", subjects_.stream())
        .field("keys", core_.counters.bridge_healed);
    reader_.reopen(Reopened::healed);
}

// Until all of the bucket is read again.
void BucketLink::give_up(std::uint32_t slot) {
    if (!core_.table.used(slot)) return;
    ++core_.counters.bridge_sick;
    core_.log.event(Level::warning, "bucket_sick")
        .field("subject", subjects_.of(core_.table.client(core_.table.at(slot))));
}

}  // namespace herd::bridge
