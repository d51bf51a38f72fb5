#include "herd/links/legacy_link.hpp"

#include "protocol/at_line.hpp"

#include <cassert>
#include <cerrno>
#include <utility>

namespace herd::links {

namespace {

// An old server cannot say that it is back: it is asked more often than others.
constexpr reactor::Connector::Pace pace{.pause_max = std::chrono::seconds(1)};

}  // namespace

LegacyLink::LegacyLink(Core& core,
                       Host& host,
                       std::string_view name,
                       const reactor::Address& address)
    : core_(core),
      host_(host),
      name_(name),
      connector_(core.loop,
                 pace,
                 reactor::Delegate<void(reactor::Socket)>::to<&LegacyLink::on_connected>(*this)),
      follower_(core.table) {
    aim(address);
}

bool LegacyLink::is_at(const reactor::Address& from) const {
    return from.v6 == address_.v6 && from.bytes == address_.bytes;
}

void LegacyLink::aim(const reactor::Address& address) {
    address_ = address;
    connector_.aim(address);
}

void LegacyLink::check() const {
    const bool connected = state_ == State::waiting || state_ == State::said;
    assert(!connected || stream_.has_value());
    assert(!stream_.has_value() || connected || stream_->dead());
    assert(state_ != State::said || owed_ != nullptr || stream_->dead());
    assert(owed_seq_ <= core_.table.feed().seq());
    assert(owed_ == nullptr || state_ != State::down);
    assert(!up_ || state_ != State::down);
    assert(!stopped_ || leaving_);
    assert(!connector_.dialling() || !stream_.has_value());
    follower_.check();
}

void LegacyLink::stop() {
    leaving_ = stopped_ = true;
    connector_.cancel();
    if (stream_) stream_->finish();
}

void LegacyLink::dial() {
    assert(!stream_);
    assert(!stopped_);
    state_ = State::dialling;
    connector_.dial();
    attempt_ = connector_.attempts();
}

// Dialling, and nothing has failed so far.
bool LegacyLink::dials_first() const {
    return state_ == State::dialling && connector_.dialling() && connector_.attempts() == attempt_;
}

// Whether it was gone for a moment since it was dialled. It says nothing of that when we had no
// port left, after many messages in a short time.
bool LegacyLink::refused() const {
    return connector_.attempts() != attempt_ && connector_.last_error().value != EADDRNOTAVAIL;
}

void LegacyLink::on_connected(reactor::Socket socket) {
    assert(!stream_);
    assert(!stopped_);
    assert(state_ == State::down || state_ == State::dialling);
    assert(socket.open());
    if (state_ == State::dialling && refused()) start_over();
    if (state_ == State::down && leaving_) return;
    tune(socket, reactor::SocketProfile::neighbour);
    stream_.emplace(core_.wire, *this, true);
    if (auto opened = stream_->open(std::move(socket)); !opened) {
        stream_.reset();
        start_over();
        connector_.dial_later();
        return;
    }
    state_ = State::waiting;
    since_ = core_.loop.now();
    if (owed_ == nullptr) come_up();
    core_.wire.post_flush();
}

// Nothing that it could say matters; its end before we said anything does.
std::size_t LegacyLink::on_input(std::string_view bytes, std::size_t, bool ended) {
    assert(stream_.has_value());
    assert(state_ == State::waiting || state_ == State::said);
    if (ended) stream_->abort();
    return bytes.size();
}

void LegacyLink::on_closed(reactor::Closed why) {
    assert(stream_.has_value());
    assert(stream_->dead());
    assert(state_ == State::waiting || state_ == State::said);
    stream_.reset();
    const bool acknowledged = state_ == State::said && why == reactor::Closed::finished;
    const bool given_up = state_ == State::said && why == reactor::Closed::aborted;
    if (acknowledged) {
        owed_ = nullptr;
        connector_.settle();
        come_up();
    }
    if (!acknowledged && !given_up) {
        start_over();
        if (!leaving_) connector_.dial_later();
    } else if (!stopped_) {
        dial();
    }
    host_.on_progress();
}

// It may have forgotten everything.
void LegacyLink::start_over() {
    go_down();
    state_ = State::down;
    owed_ = nullptr;
    follower_.resume({});
    assert(!up_);
}

watch::LinkStatus LegacyLink::status() const {
    watch::LinkStatus status{.neighbour = name_, .state = live() ? "live" : "down", .legacy = true};
    status.drops = drops_;
    if (live()) status.lag_records = core_.table.feed().seq() - follower_.position().seq;
    return status;
}

void LegacyLink::come_up() {
    if (std::exchange(up_, true)) return;
    core_.log.event(Level::info, "link_up")
        .field("neighbour", name_)
        .field("from", follower_.position().seq)
        .field("to", core_.table.feed().seq());
}

void LegacyLink::go_down() {
    if (!std::exchange(up_, false)) return;
    ++drops_;
    core_.log.event(Level::warning, "link_down").field("neighbour", name_);
}

void LegacyLink::pump(std::span<char> scratch) {
    if (state_ != State::waiting || stopped_ || stream_->dead()) return;
    const std::string_view message = next_message(scratch);
    if (!message.empty()) {
        assert(owed_ != nullptr);
        state_ = State::said;
        since_ = core_.loop.now();
        ++core_.counters.records_sent;
        stream_->send_now(message);
        stream_->finish();
    } else if (follower_.behind()) {
        core_.wire.post_flush();
    }
}

// Of the record that is owed, or else of the next one that can be said. Empty when there is none,
// or none in this turn.
std::string_view LegacyLink::next_message(std::span<char> out) {
    assert(out.size() >= protocol::legacy_message_size_max);
    if (owed_ != nullptr && owed_->seq == 0) owed_ = nullptr;  // It has expired.
    for (std::uint32_t i = 0; i < core_.limits.records_per_turn; ++i) {
        if (owed_ == nullptr && !follower_.behind()) break;
        if (owed_ == nullptr) take();
        if (owed_ == nullptr) continue;
        const auto message = protocol::format_legacy(out, core_.table.line(*owed_), core_.name);
        if (!message.empty()) return message;
        ++core_.counters.legacy_too_long;
        owed_ = nullptr;
    }
    return {};
}

void LegacyLink::take() {
    assert(owed_ == nullptr);
    assert(follower_.behind());
    owed_ = follower_.take(core_.loop.now());
    if (owed_ == nullptr) return;
    owed_seq_ = owed_->seq;
    assert(owed_seq_ > 0);
}

// The pause between dials grows until one has led to something: an acknowledgement, or a connection
// that has held for a while.
void LegacyLink::tick() {
    assert(core_.loop.now() >= since_);
    if (state_ == State::dialling && !dials_first()) go_down();
    if (!stream_ || stream_->dead() || core_.loop.now() - since_ <= silence_max) return;
    if (state_ == State::waiting) connector_.settle();
    if (state_ != State::said || stopped_) return;
    ++core_.counters.links_silent;
    go_down();
    stream_->abort();
}

}  // namespace herd::links
