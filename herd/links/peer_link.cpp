#include "herd/links/peer_link.hpp"

#include "herd/links/batch.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/lines.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cstring>
#include <functional>
#include <utility>
#include <variant>

namespace herd::links {

namespace {

// While the neighbour does not read, what waits for it is bounded.
constexpr unsigned unread_cookies_max = 16;

// One clock minus another, as far as a number holds that: either may say anything.
std::int64_t difference(std::int64_t one, std::int64_t other) {
    std::int64_t result = 0;
    if (!__builtin_sub_overflow(one, other, &result)) return result;
    return one < other ? INT64_MIN : INT64_MAX;
}

}  // namespace

std::uint64_t PeerLink::now_token() {
    return static_cast<std::uint64_t>(reactor::sys::monotonic_ns());
}

PeerLink::PeerLink(Core& core,
                   Host& host,
                   Neighbour& neighbour,
                   reactor::Resolver& resolver,
                   const config::Server& other)
    : core_(core),
      host_(host),
      neighbour_(neighbour),
      where_(
          resolver,
          other,
          {.moved =
               reactor::Delegate<void(const reactor::Address&)>::to<&PeerLink::on_moved>(*this),
           .unknown = reactor::Delegate<void(reactor::Errno)>::to<&PeerLink::on_unknown>(*this)}),
      connector_(core.loop,
                 {},
                 reactor::Delegate<void(reactor::Socket)>::to<&PeerLink::on_connected>(*this)),
      door_{.opened =
                reactor::Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&PeerLink::greet>(
                    *this),
            .refused = reactor::Delegate<void(
                const reactor::Handshakes::Refusal&)>::to<&PeerLink::on_unshaken>(*this)},
      follower_(core.table),
      mark_timer_(core.loop, reactor::Delegate<void()>::to<&PeerLink::on_mark_due>(*this)),
      anti_entropy_(core.table) {
    connector_.aim_by(reactor::Delegate<reactor::Address()>::to<&Whereabouts::next>(where_));
}

// It dials or pauses exactly while it is down and has no stream, unless it is to have none.
void PeerLink::check() const {
    assert(!stopped_ || leaving_);
    assert(!connector_.dialling() || (state_ == State::down && !leaving_));
    assert(!shaking() || (state_ == State::down && !leaving_ && !connector_.dialling()));
    assert(live() || !mark_timer_.pending());
    assert(last_written_ <= core_.table.feed().seq());
    follower_.check();
    assert((state_ == State::down) == !stream_.has_value() || stream_->dead());
    if (state_ != State::live) return;
    assert(incarnation_ != 0);
    assert(marked_.seq <= core_.table.feed().seq());
    assert(lag_.acknowledged() <= marked_.seq);
    assert(lag_.acknowledged() == acknowledged_.seq());
    acknowledged_.check(incarnation_, core_.table.feed().seq());
    assert(lag_.caught_up() <= core_.table.feed().seq());
    assert(round_trip_ >= reactor::Duration::zero());
    assert(marked_.seq <= follower_.position().seq);
    assert(answered_ <= asked_);
    lag_.check();
    anti_entropy_.check();
}

void PeerLink::nudge() {
    if (leaving_ || shaking()) return;
    if (state_ == State::down && !stream_ && !connector_.dialling()) {
        connector_.dial();
    }
}

// Whoever is being dialled is where the neighbour is not any more.
void PeerLink::on_moved(const reactor::Address& now) {
    std::array<char, reactor::address_text_size_max> text{};
    core_.log.event(Level::info, "neighbour_found")
        .field("neighbour", neighbour_.name())
        .field("at", now.text(text));
    if (leaving_ || shaking() || stream_) return;
    connector_.dial();
}

void PeerLink::on_unknown(reactor::Errno why) {
    core_.log.event(Level::warning, "neighbour_not_found")
        .field("neighbour", neighbour_.name())
        .field("why",
               why.value == reactor::sys::no_such_name ? "its name has no address"
                                                       : "no name server answers");
}

void PeerLink::leave() {
    leaving_ = true;
    connector_.cancel();
    if (shaking()) core_.sealing->handshakes.cancel(std::exchange(handshake_, {}));
}

void PeerLink::stop() {
    leave();
    stopped_ = true;
    mark_timer_.cancel();
    if (!stream_) return;
    if (has_news()) {
        std::array<char, mark_size_max> out{};
        stream_->send_now({out.data(), mark(out)});
    }
    stream_->finish();
}

void PeerLink::on_connected(reactor::Socket socket) {
    assert(state_ == State::down);
    assert(!stream_.has_value());
    assert(!leaving_);
    assert(socket.open());
    tune(socket, reactor::SocketProfile::neighbour);
    const bool plainly = std::exchange(dials_plainly_, false);
    if (core_.sealing == nullptr || plainly) return greet(std::move(socket), {});
    auto seal = core_.sealing->sealer.dial_peer(neighbour_.name());
    if (seal != nullptr) {
        handshake_ = core_.sealing->handshakes.dial(std::move(socket), std::move(seal), door_);
    }
    if (!shaking()) connector_.dial_later();
}

void PeerLink::on_unshaken(const reactor::Handshakes::Refusal& refusal) {
    assert(state_ == State::down);
    handshake_ = {};
    dials_plainly_ = refusal.plain && core_.sealing->plain_peers;
    if (!dials_plainly_) tell_refused(refusal.why);
    connector_.dial_later();
}

// Whether the neighbour takes our certificate, TLS 1.3 tells when our side has shaken hands
// already.
void PeerLink::on_seal_broken(std::string_view why) {
    if (!live()) return tell_refused(why);
    core_.log.event(Level::warning, "seal_broken")
        .field("neighbour", neighbour_.name())
        .field("why", why);
}

// It dials again and again, and who looks for the reason wants the one that holds now.
bool PeerLink::is_told_first(std::string_view why) {
    const std::size_t hash = std::hash<std::string_view>{}(why) | 1;
    return std::exchange(refusal_told_, hash) != hash;
}

void PeerLink::tell_refused(std::string_view why) {
    if (!is_told_first(why)) return;
    core_.log.event(Level::warning, "handshake_refused")
        .field("neighbour", neighbour_.name())
        .field("why", why);
}

void PeerLink::greet(reactor::Socket socket, reactor::SealPtr seal) {
    assert(state_ == State::down);
    handshake_ = {};
    stream_.emplace(core_.wire, *this, true);
    if (auto opened = stream_->open(std::move(socket), std::move(seal)); !opened) {
        stream_.reset();
        connector_.dial_later();
        return;
    }
    stream_->read_on();
    state_ = State::greeting;
    heard_at_ = core_.loop.now();
    shown_ = 0;
    say(protocol::Hello{protocol::peer_version,
                        core_.name,
                        core_.epoch,
                        core_.table.feed().seq(),
                        reactor::sys::wall_ns(),
                        neighbour_.cookie(),
                        neighbour_.proven});
    show(neighbour_.heard);
    host_.on_greeting(neighbour_);
}

void PeerLink::show(std::uint64_t cookie) {
    if (state_ != State::greeting || stream_->dead()) return;
    if (cookie == 0 || cookie == neighbour_.proven) return;
    if (stream_->blocked() && shown_ >= unread_cookies_max) return;
    ++shown_;
    say(protocol::Cookie{cookie});
}

std::size_t PeerLink::on_input(std::string_view bytes, std::size_t seen, bool ended) {
    assert(stream_.has_value());
    assert(state_ != State::down);
    heard_at_ = core_.loop.now();
    reactor::Lines lines(bytes, seen);
    while (stream_->listens()) {
        const auto line = lines.take();
        if (!line) break;
        on_line(*line);
    }
    if (ended || lines.rest().size() > protocol::peer_message_size_max) stream_->abort();
    return lines.taken();
}

void PeerLink::on_drained() {
    assert(stream_.has_value());
    assert(state_ != State::down);
    core_.wire.post_flush();
}

void PeerLink::on_line(std::string_view line) {
    assert(state_ != State::down);
    const auto message = protocol::parse_peer_message(line);
    if (!message && line == reactor::Handshakes::speaks_tls)
        return refuse(507, "TLS is spoken there");
    if (!message && state_ == State::greeting) {
        ++core_.counters.peer_lines_bad;
        return refuse(501, "what answers there is no server of a herd");
    }
    if (!message) return reject_line();
    if (const auto* answer = std::get_if<protocol::Welcome>(&*message)) {
        welcome(*answer);
    } else if (const auto* refusal = std::get_if<protocol::Refusal>(&*message)) {
        refuse(refusal->code, refusal->text);
    } else if (const auto* ack = std::get_if<protocol::Ack>(&*message)) {
        acknowledge(ack->seq);
    } else if (const auto* sweep = std::get_if<protocol::Sweep>(&*message)) {
        if (!live() || !acknowledged_.take(*sweep, marked_)) reject_line();
    } else if (const auto* pong = std::get_if<protocol::Pong>(&*message)) {
        answered(pong->token);
    } else {
        reject_line();
    }
}

// It may acknowledge what it was told, and no more.
void PeerLink::acknowledge(std::uint64_t seq) {
    if (!live() || seq > marked_.seq) return reject_line();
    lag_.acknowledged(seq);
    acknowledged_.up_to(lag_.acknowledged());
    host_.on_progress();
}

// Each PING is answered once, in order; on a slow way several are under way. A token between those
// of two PINGs is a time that has passed, too.
void PeerLink::answered(std::uint64_t token) {
    if (!live() || token <= answered_ || token > asked_) return reject_line();
    const std::uint64_t now = now_token();
    assert(asked_ <= now);
    answered_ = token;
    round_trip_ = reactor::Duration(static_cast<std::int64_t>(now - token));
    pinged_ = false;
    connector_.settle();  // Not before: it would be dialled all the time, if it is hung up on.
}

void PeerLink::reject_line() {
    assert(stream_.has_value());
    assert(state_ != State::down);
    ++core_.counters.peer_lines_bad;
    stream_->abort();
}

void PeerLink::mark_soon() {
    mark_asked_ = true;
    core_.wire.post_flush();
}

watch::LinkStatus PeerLink::status() const {
    constexpr std::array<std::string_view, 3> names = {"down", "greeting", "live"};
    const std::uint64_t seq = core_.table.feed().seq();
    assert(static_cast<std::size_t>(state_) < names.size());
    watch::LinkStatus status{.neighbour = neighbour_.name(),
                             .state = names[static_cast<std::size_t>(state_)],
                             .divergences = neighbour_.divergences,
                             .drops = drops_};
    if (!live()) return status;
    status.tls = stream_->sealed();
    status.lag_records = lag_.records(seq);
    status.lag = lag_.time(seq, core_.loop.now());
    status.round_trip = round_trip_;
    status.clock_difference_ns = clock_difference_ns_;
    return status;
}

void PeerLink::welcome(const protocol::Welcome& answer) {
    if (state_ != State::greeting) return reject_line();
    if (answer.version != protocol::peer_version) return refuse(502, "another protocol version");
    if (answer.name != neighbour_.name()) return refuse(503, "another server answers there");
    if (!neighbour_.counts(answer.epoch)) return refuse(503, "it has begun anew too often");
    state_ = State::live;
    refusal_told_ = 0;
    incarnation_ = neighbour_.incarnation(answer.epoch);
    host_.on_live(neighbour_, incarnation_);
    table::rules::Position claimed{
        answer.resume_epoch, answer.resume_seq, answer.sweep_target, answer.sweep_slot};
    // Who is wrong about that may be wrong about what it has acknowledged.
    if (!follower_.can_be(claimed)) claimed = {};
    const table::rules::Position position =
        follower_.resume(acknowledged_.resumed(claimed, core_.epoch, last_written_, incarnation_));
    marked_ = position;
    acknowledged_.begin(position, incarnation_);
    marked_at_ = {};
    unmarked_bytes_ = 0;
    lag_.reset(position.seq, core_.loop.now(), !follower_.behind());
    anti_entropy_.reset();
    pinged_ = true;
    asked_ = answered_ = now_token();
    clock_difference_ns_ = difference(answer.wall_ns, reactor::sys::wall_ns());
    core_.log.event(Level::info, "link_up")
        .field("neighbour", neighbour_.name())
        .field("from", position.seq)
        .field("to", core_.table.feed().seq())
        .field("tls", stream_->sealed() ? "yes" : "no");
    core_.wire.post_flush();
}

void PeerLink::refuse(std::uint64_t code, std::string_view reason) {
    assert(stream_.has_value());
    if (is_told_first(reason)) {
        core_.log.event(Level::warning, "link_refused")
            .field("neighbour", neighbour_.name())
            .field("code", code)
            .field("reason", reason);
    }
    stream_->abort();
}

void PeerLink::on_closed(reactor::Closed) {
    assert(stream_.has_value());
    assert(stream_->dead());
    assert(state_ != State::down);
    if (state_ == State::live) {
        ++drops_;
        core_.log.event(Level::warning, "link_down").field("neighbour", neighbour_.name());
    }
    state_ = State::down;
    stream_.reset();
    mark_timer_.cancel();
    if (!leaving_) connector_.dial_later();
    host_.on_progress();
}

// On a slow link no PING gets through for a long time. But a neighbour to which anything comes says
// so each second (PeerSession::tick); what our kernel has got rid of says less.
void PeerLink::tick() {
    if (!stream_ || stream_->dead()) return;
    assert(core_.loop.now() >= heard_at_);
    if (core_.loop.now() - heard_at_ > silence_max) {
        ++core_.counters.links_silent;
        // Otherwise the kernel would keep what is under way for minutes, each time that the link is
        // made.
        constexpr int soon_ms = 1'000;
        const int fd = stream_->socket().fd();
        static_cast<void>(
            reactor::sys::set_option(fd, reactor::sys::Option::user_timeout_ms, soon_ms));
        stream_->abort();
    } else if (live() && !stopped_ && !stream_->blocked()) {
        anti_entropy_.tick(pinged_ ? std::nullopt : std::optional(round_trip_));
        ping_due_ = true;
        core_.wire.post_flush();
    }
}

template <class Message>
void PeerLink::say(const Message& message) {
    assert(stream_.has_value());
    std::array<char, protocol::peer_line_size_max> out{};
    stream_->send_now(protocol::format_line(out, message));
}

}  // namespace herd::links
