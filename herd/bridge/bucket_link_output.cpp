// What a bridge publishes, and what becomes of it.
#include "herd/bridge/bucket_link.hpp"
#include "herd/bridge/rules.hpp"
#include "protocol/nats_headers.hpp"
#include "protocol/text_writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <string_view>
#include <utility>

namespace herd::bridge {

namespace {

using protocol::jetstream::Refusal;

constexpr std::string_view reply_words = ".a.";
constexpr std::size_t reply_size_max = 80;
// The longest line that the other end's reader takes whole.
constexpr std::size_t line_size_max = protocol::nats::Reader::Limits().payload_max;
// What has to be free before one is begun.
constexpr std::size_t publication_size_max = line_size_max + Subjects::size_max + 256;

// Slots that are looked at for each publication that there may be in a flush: of what the bucket
// has already many have to be passed by.
constexpr std::uint32_t looks_each = 16;

constexpr reactor::Duration pause_min = std::chrono::seconds(1);
constexpr reactor::Duration pause_max = std::chrono::seconds(30);

bool is_no_responder(const protocol::nats::Delivery& delivery) {
    if (delivery.headers.empty() || !delivery.payload.empty()) return false;
    constexpr std::uint32_t no_responders = 503;
    const auto headers = protocol::nats::Headers::parse(delivery.headers);
    return headers && headers->status() == no_responders;
}

}  // namespace

void BucketLink::put_reply_prefix(protocol::TextWriter& out) const {
    out.put(connection_.inbox());
    out.put(reply_words);
}

// Before the first reading it would publish all that the bucket has already.
bool BucketLink::publishes() const {
    const bool knows = reader_.live() || (reader_.reading() && has_read_);
    return knows && connection_.live() && !stopped_ && !healing_ &&
           core_.loop.now() >= paused_until_;
}

bool BucketLink::has_room(std::uint32_t count) const {
    return window_.has_room(count) && connection_.room() >= count * publication_size_max;
}

bool BucketLink::is_clear() const {
    return !follower_.behind() && due_.empty() && window_.unacknowledged() == 0;
}

void BucketLink::pump() {
    if (!publishes()) return;
    const std::uint32_t most = core_.limits.records_per_turn;
    std::uint32_t looks = most * looks_each;
    std::uint32_t said = 0;
    auto slot = has_room(1) ? next_lacking(looks) : std::nullopt;
    // What is behind it is looked for first, as the last one has to ask.
    while (slot) {
        const bool more = ++said < most && has_room(2);
        const auto after = more ? next_lacking(looks) : std::nullopt;
        put(*slot, !after.has_value());
        slot = after;
    }
    if (is_clear()) clear_at_ = core_.loop.now();
    // What is in the way may be others' answers, which this flush sends.
    const bool more = follower_.behind() || !due_.empty();
    if (more && !window_.full() && connection_.has_room()) core_.wire.post_flush();
}

// The next that is to be published; nothing: there is none, or none where so often was looked.
std::optional<std::uint32_t> BucketLink::next_lacking(std::uint32_t& looks) {
    while (looks > 0 && (follower_.behind() || !due_.empty())) {
        --looks;
        const auto slot = next_slot();
        if (slot && is_due(*slot)) return slot;
    }
    return std::nullopt;
}

// By turns of what has changed and what is owed again, so that neither waits for the other.
std::optional<std::uint32_t> BucketLink::next_slot() {
    due_first_ = !due_first_;
    if (!due_.empty() && (due_first_ || !follower_.behind())) return due_.take();
    const table::Record* const record = follower_.take(core_.loop.now());
    if (record == nullptr) return std::nullopt;
    const std::uint32_t slot = core_.table.slot(*record);
    if (rank_ == 0) return slot;
    if (!shown_.has(slot, record->digest)) patience_.add(slot);
    return std::nullopt;
}

bool BucketLink::lacks(std::uint32_t slot) const {
    if (!core_.table.used(slot)) return false;
    const table::Record& record = core_.table.at(slot);
    return !shown_.has(slot, record.digest) && !core_.expired(record.effective_ns);
}

bool BucketLink::is_due(std::uint32_t slot) {
    if (!core_.table.used(slot)) return false;
    const table::Record& record = core_.table.at(slot);
    const rules::Change change{.shown = shown_.has(slot, record.digest),
                               .said = shown_.on_its_way(slot, record.digest),
                               .from_bucket = record.source == source};
    if (!rules::published(change) || core_.expired(record.effective_ns)) return false;
    if (subjects_.of(core_.table.client(record)).empty()) return false;
    const std::size_t most = std::min<std::size_t>(line_size_max, connection_.broker().max_payload);
    if (core_.table.line(record).size() <= most) return true;
    ++core_.counters.bridge_too_long;
    return false;
}

void BucketLink::put(std::uint32_t slot, bool last) {
    const table::Record& record = core_.table.at(slot);
    const std::string_view line = core_.table.line(record);
    const std::string_view subject = subjects_.of(core_.table.client(record));
    const std::uint64_t number = window_.next();
    const bool asks = rules::asked({.last = last, .known = shown_.counts(slot), .number = number});
    std::array<char, reply_size_max> text{};
    protocol::TextWriter reply(text);
    if (asks) {
        put_reply_prefix(reply);
        reply.put_hex(number, 1);
        assert(!reply.overflowed());
    }
    const protocol::nats::Publication publication{
        .subject = subject, .reply = reply.text(), .payload = line};
    const nats::Said said = connection_.publish(publication);
    if (said == nats::Said::unsendable) ++core_.counters.bridge_too_long;
    if (said == nats::Said::full || said == nats::Said::down) due_.add(slot);
    if (said != nats::Said::yes) return;
    const auto size = static_cast<std::uint32_t>(subject.size() + line.size());
    window_.say({slot, record.digest}, asks, size, core_.loop.now());
    shown_.say(slot, record.digest);
    ++core_.counters.bridge_published;
}

// The one who goes first is given time for it.
void BucketLink::owe(std::uint32_t slot) {
    if (rank_ > 0) {
        patience_.add(slot);
    } else {
        due_.add(slot);
        core_.wire.post_flush();
    }
}

void BucketLink::on_patience_over(std::uint32_t slot) {
    due_.add(slot);
    core_.wire.post_flush();
}

void BucketLink::on_acknowledgement(const Delivery& delivery) {
    std::array<char, reply_size_max> text{};
    protocol::TextWriter prefix(text);
    put_reply_prefix(prefix);
    if (!delivery.subject.starts_with(prefix.text())) return;
    const std::string_view digits = delivery.subject.substr(prefix.size());
    std::uint64_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number, 16);
    if (read.ec != std::errc() || read.ptr != end) return;
    if (is_no_responder(delivery)) {
        if (const auto refused = window_.refuse(number, core_.loop.now())) due_.add(refused->slot);
        return reader_.reopen(Reopened::gone);
    }
    const auto stored = protocol::jetstream::parse_stored(delivery.payload);
    if (!stored) return on_refused(number, stored.error());
    const std::uint32_t count = window_.acknowledge(number, stored->seq, core_.loop.now());
    if (count == 0) return;
    core_.counters.bridge_acknowledged += count;
    pause_ = {};
    prove(reader_.seq());
    if (is_clear()) clear_at_ = core_.loop.now();
    core_.wire.post_flush();
}

// A bucket that is full refuses new keys only; they are tried again when all of it is read again.
void BucketLink::on_refused(std::uint64_t number, const Refusal& refusal) {
    const auto publication = window_.refuse(number, core_.loop.now());
    if (!publication) return;
    shown_.arrive(publication->slot);
    watch::Counters& counters = core_.counters;
    if (refusal.reason == Refusal::resources_exceeded) {
        ++counters.bridge_refused_resources;
        due_.add(publication->slot);
        pause();
    } else if (refusal.reason == Refusal::stream_full) {
        ++counters.bridge_refused_full;
    } else {
        ++counters.bridge_refused_other;
    }
    core_.log.event(Level::warning, "bucket_publish_refused")
        .field("code", std::uint64_t{refusal.reason})
        .field("text", refusal.nonsense() ? "its answer makes no sense" : refusal.text.text());
    prove(reader_.seq());
}

// What the broker lacks all lack, whose keys it knows as well as others.
void BucketLink::pause() {
    if (core_.loop.now() < paused_until_) return;
    pause_ = std::clamp(2 * pause_, pause_min, pause_max);
    paused_until_ = core_.loop.now() + pause_;
}

void BucketLink::prove(std::uint64_t stream_seq) {
    const bool was_full = window_.full();
    window_.pass(stream_seq, [this](const auto& publication) { on_passed(publication); });
    if (was_full || !due_.empty()) core_.wire.post_flush();
}

// Of a line that has changed since the next publication tells.
void BucketLink::on_passed(const Window::Publication& publication) {
    const std::uint32_t slot = publication.slot;
    if (!core_.table.used(slot) || core_.table.at(slot).digest != publication.digest) return;
    shown_.arrive(slot);
    if (rules::stored({.acknowledged = true, .shown = !lacks(slot)})) return;
    if (shown_.is_silent(slot)) return silence_.add(slot);
    owe(slot);
}

void BucketLink::drop_window() {
    window_.drop([this](const auto& publication) {
        shown_.arrive(publication.slot);
        due_.add(publication.slot);
    });
}

}  // namespace herd::bridge
