#include "herd/bridge/reader.hpp"

#include "herd/bridge/rules.hpp"
#include "protocol/text_writer.hpp"

#include <cassert>
#include <functional>
#include <utility>

namespace herd::bridge {

using nats::Called;
using nats::CalledTo;
using nats::Said;
using protocol::jetstream::Note;
using protocol::jetstream::Refusal;

namespace {

std::int64_t bytes_max(const config::Bridge& config) {
    return config.max_bytes == 0 ? -1 : static_cast<std::int64_t>(config.max_bytes);
}

std::string_view text_of(nats::Reply::Kind kind) {
    switch (kind) {
        case nats::Reply::Kind::answered:
            return "its answer makes no sense";
        case nats::Reply::Kind::nobody:
            return "no JetStream is there";
        case nats::Reply::Kind::late:
            return "no answer in time";
        case nats::Reply::Kind::lost:
            return "the connection was lost";
        case nats::Reply::Kind::too_long:
            return "its answer is too long";
    }
    return "";
}

}  // namespace

Reader::Reader(Core& core,
               nats::Connection& connection,
               const config::Bridge& config,
               std::int64_t max_age_ns,
               Subjects& subjects,
               Reading& owner)
    : loop_(core.loop),
      log_(core.log),
      connection_(connection),
      config_(config),
      max_age_ns_(max_age_ns),
      subjects_(subjects),
      owner_(owner),
      calls_(connection, call_time),
      looks_(connection, look_time) {
    assert(protocol::jetstream::is_name(subjects.stream()));
}

std::string_view Reader::state() const {
    switch (state_) {
        case State::off:
            return "down";
        case State::waiting:
        case State::looking:
        case State::making:
            return "opening";
        case State::reading:
            return "reading";
        case State::live:
            return "live";
    }
    return "";
}

void Reader::check() const {
    assert((sid_ != 0) == open());
    assert(!open() || !deliver_subject_.empty());
    assert(state_ != State::live || place_.seq >= seq_then_ || missed_ == 0);
}

void Reader::begin() {
    assert(state_ == State::off);
    look_up();
}

// What a whole reading has not come to is not known.
void Reader::end() {
    if (state_ == State::reading && whole_) place_.seq = 0;
    sid_ = 0;
    state_ = State::off;
}

void Reader::reopen(Reopened why) {
    if (!open()) return;
    const bool unfinished = state_ == State::reading && whole_;
    if (why != Reopened::gap || unfinished) place_.seq = 0;
    drop_consumer();
    state_ = State::waiting;
    const Level level = why == Reopened::round ? Level::info : Level::warning;
    log_.event(level, "bucket_reopened").field("why", to_text(why));
    owner_.on_unreadable(why);
}

void Reader::drop_consumer() {
    connection_.unsubscribe(std::exchange(sid_, 0));
}

void Reader::tick() {
    const reactor::Instant now = loop_.now();
    if (state_ == State::waiting) return look_up();
    if (!open()) return;
    const auto silence = state_ == State::live ? silence_max : silence_at_first_max;
    if (now - heard_at_ > silence) return reopen(Reopened::silent);
    if (state_ != State::live) return;
    if (now - read_at_ >= round_interval) return reopen(Reopened::round);
    if (now - looked_at_ >= look_interval) look_again();
}

void Reader::look_up() {
    state_ = State::looking;
    const Said said =
        looks_.stream_info(subjects_.stream(), CalledTo<StreamState>::to<&Reader::on_found>(*this));
    if (said != Said::yes) state_ = State::waiting;
}

void Reader::on_found(const Called<StreamState>& called) {
    if (state_ != State::looking) return;
    if (called) {
        stream_ = *called;
        return read();
    }
    const bool none = called.error().refusal.reason == Refusal::stream_not_found;
    if (none && config_.create) return make();
    wait("stream", called.error());
}

void Reader::make() {
    state_ = State::making;
    const protocol::jetstream::Bucket bucket{
        .name = subjects_.stream(),
        .subjects = subjects_.all(),
        .on_disk = config_.storage == config::Storage::file,
        .replicas = config_.replicas,
        .max_bytes = bytes_max(config_),
        .max_age_ns = max_age_ns_,
    };
    const Said said = calls_.create(bucket, CalledTo<StreamState>::to<&Reader::on_made>(*this));
    if (said != Said::yes) state_ = State::waiting;
}

void Reader::on_made(const Called<StreamState>& called) {
    if (state_ != State::making) return;
    if (!called) return wait("create", called.error());
    log_.event(Level::info, "bucket_made").field("stream", subjects_.stream());
    stream_ = *called;
    read();
}

bool Reader::goes_on() const {
    return rules::goes_on(
        {place_.broker.text(), place_.created.text(), place_.seq},
        {connection_.broker().server_id.text(), stream_.created.text(), stream_.last_seq});
}

// Of a stream that keeps more than one line of a client the older ones are shown, too, and those
// that it keeps of none, nobody could find.
void Reader::read() {
    if (stream_.max_per_subject != 1) {
        return wait("stream", 0, "it is no bucket: max_msgs_per_subject is not 1");
    }
    whole_ = !goes_on();
    if (whole_) place_ = {};
    place_.broker = connection_.broker().server_id;
    place_.created = stream_.created;
    target_ = stream_.last_seq;
    pending_ = 0;
    consumer_seq_ = 0;
    idle_beats_ = 0;
    std::array<char, decltype(deliver_subject_)::size_max> text{};
    protocol::TextWriter writer(text);
    writer.put(connection_.inbox());
    writer.put(".b.");
    writer.put_decimal(++consumers_);
    deliver_subject_.assign(writer.text());
    using Deliver = nats::Connection::Deliver;
    sid_ = connection_.subscribe(deliver_subject_.text(), Deliver::to<&Reader::on_delivery>(*this));
    if (sid_ == 0) {
        state_ = State::waiting;
        return;
    }
    const protocol::jetstream::Consumer consumer{
        .stream = subjects_.stream(),
        .deliver_subject = deliver_subject_.text(),
        .from_seq = whole_ ? 0 : place_.seq + 1,
        .heartbeat_ns = heartbeat.count(),
    };
    const Said said =
        calls_.consume(consumer, CalledTo<ConsumerState>::to<&Reader::on_consumer>(*this));
    if (said != Said::yes) {
        drop_consumer();
        state_ = State::waiting;
        return;
    }
    state_ = State::reading;
    heard_at_ = loop_.now();
    owner_.on_reading(whole_);
}

// It may have pushed all before it says so.
void Reader::on_consumer(const Called<ConsumerState>& called) {
    if (!open()) return;
    if (!called) {
        drop_consumer();
        place_.seq = 0;
        wait("consumer", called.error());
        return owner_.on_unreadable(Reopened::refused);
    }
    heard_at_ = loop_.now();
    complained_ = 0;
    if (state_ == State::reading && called->pending == 0) finish_reading();
}

void Reader::on_delivery(const protocol::nats::Delivery& delivery) {
    if (!open()) return;
    if (const auto note = protocol::jetstream::note_of(delivery, deliver_subject_.text())) {
        return on_note(*note);
    }
    const auto pushed = protocol::jetstream::parse_pushed(delivery.reply);
    if (!pushed) return;
    heard_at_ = loop_.now();
    if (pushed->consumer_seq != consumer_seq_ + 1 || pushed->stream_seq <= place_.seq) {
        return reopen(Reopened::gap);
    }
    idle_beats_ = 0;
    consumer_seq_ = pushed->consumer_seq;
    place_.seq = pushed->stream_seq;
    pending_ = pushed->pending;
    owner_.on_message(delivery);
    if (state_ != State::reading) return;
    if (pending_ == 0 || place_.seq >= target_) finish_reading();
}

// Of a note that is owed an answer and does not get it the consumer reminds us.
void Reader::on_note(const Note& note) {
    heard_at_ = loop_.now();
    if (note.kind == Note::Kind::other) return reopen(Reopened::silent);
    if (!note.answer_to.empty()) connection_.publish({.subject = note.answer_to});
    if (note.kind != Note::Kind::heartbeat || !note.answer_to.empty() || !open()) return;
    if (note.last_consumer_seq > consumer_seq_) return reopen(Reopened::gap);
    ++idle_beats_;
    if (state_ == State::reading && idle_beats_ < idle_beats_enough) return;
    pending_ = 0;
    if (state_ == State::reading) finish_reading();
    if (open()) owner_.on_idle();
}

void Reader::finish_reading() {
    state_ = State::live;
    looked_at_ = loop_.now();
    missed_ = 0;
    if (whole_) read_at_ = loop_.now();
    owner_.on_read(whole_);
}

void Reader::look_again() {
    looked_at_ = loop_.now();
    seq_then_ = place_.seq;
    keys_then_ = owner_.keys();
    looks_.stream_info(subjects_.stream(), CalledTo<StreamState>::to<&Reader::on_look>(*this));
}

void Reader::on_look(const Called<StreamState>& called) {
    if (state_ != State::live) return;
    if (!called) {
        const bool none = called.error().refusal.reason == Refusal::stream_not_found;
        return none ? reopen(Reopened::remade) : void();
    }
    stream_ = *called;
    if (stream_.created != place_.created || stream_.last_seq < seq_then_) {
        return reopen(Reopened::remade);
    }
    const bool fewer =
        stream_.messages < keys_then_ && stream_.messages + owner_.keys_forgotten() < keys_then_;
    missed_ = fewer ? missed_ + 1 : 0;
    // Another bridge may be healing a key just now.
    const reactor::Instant now = loop_.now();
    const bool again = missed_at_ != reactor::Instant() && now - missed_at_ < missing_interval;
    if (missed_ < 2 || again) return;
    missed_at_ = now;
    reopen(Reopened::missing);
}

void Reader::remake() {
    if (!open()) return;
    calls_.remove(subjects_.stream(), CalledTo<Deleted>::to<&Reader::on_deleted>(*this));
}

void Reader::on_deleted(const Called<Deleted>& called) {
    if (called) return reopen(Reopened::remade);
    const nats::CallFailed& failed = called.error();
    log_.event(Level::warning, "bucket_not_deleted")
        .field("code", std::uint64_t{failed.refusal.reason})
        .field("text",
               failed.refusal.nonsense() ? text_of(failed.kind) : failed.refusal.text.text());
}

void Reader::wait(std::string_view what, const nats::CallFailed& failed) {
    if (failed.kind == nats::Reply::Kind::lost) {
        state_ = State::waiting;
        return;
    }
    const bool refused = !failed.refusal.nonsense();
    wait(what, failed.refusal.reason, refused ? failed.refusal.text.text() : text_of(failed.kind));
}

// It is tried again and again, and who looks for the reason wants the one that holds now.
void Reader::wait(std::string_view what, std::uint32_t reason, std::string_view text) {
    state_ = State::waiting;
    const std::size_t hash = std::hash<std::string_view>{}(text) | 1;
    if (std::exchange(complained_, hash) == hash) return;
    log_.event(Level::warning, "bucket_refused")
        .field("stream", subjects_.stream())
        .field("what", what)
        .field("code", std::uint64_t{reason})
        .field("text", text);
}

}  // namespace herd::bridge
