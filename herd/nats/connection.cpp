#include "herd/nats/connection.hpp"

#include "protocol/text_writer.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <functional>
#include <utility>

namespace herd::nats {

using reactor::Delegate;
using reactor::Handshakes;
using reactor::SealPtr;
using reactor::Socket;

Connection::Connection(
    reactor::Loop& loop, reactor::Wire& wire, Log& log, const Options& options, Owner& owner)
    : loop_(loop),
      wire_(wire),
      log_(log),
      options_(options),
      owner_(owner),
      addresses_(options.addresses),
      connector_(loop, options.pace, Delegate<void(Socket)>::to<&Connection::on_connected>(*this)),
      clear_info_(loop,
                  ClearInfo::Told::to<&Connection::on_clear_info>(*this),
                  ClearInfo::Failed::to<&Connection::on_no_clear_info>(*this)),
      door_{.opened = Delegate<void(Socket, SealPtr)>::to<&Connection::on_shaken>(*this),
            .refused =
                Delegate<void(const Handshakes::Refusal&)>::to<&Connection::on_unshaken>(*this)},
      tick_(loop, Delegate<void()>::to<&Connection::on_tick>(*this)) {
    assert(reader_limits.unread_max() < wire.limits().receive_size);
    assert(options.silence_max > options.ping_interval);
    for (const std::string* each :
         {&options.name, &options.user, &options.password, &options.token}) {
        assert(each->size() <= protocol::nats::Login::text_max);
    }
    connector_.aim_by(Delegate<reactor::Address()>::to<&Connection::choose>(*this));
}

Connection::~Connection() {
    if (handshake_) options_.sealing->handshakes.cancel(handshake_);
}

void Connection::check() const {
    assert((state_ >= State::greeting) == stream_.has_value());
    assert(static_cast<bool>(handshake_) == (state_ == State::shaking));
    assert(clear_info_.reading() == (state_ == State::clear_info));
    assert(!connector_.dialling() || (state_ == State::down && running_ && !stopping_));
    assert(tick_.pending() == running_);
    assert(requests_.in_flight() == 0 || state_ == State::live);
    assert(heard_at_ <= loop_.now());
    requests_.check();
}

void Connection::start() {
    assert(!running_);
    assert(!stream_);
    running_ = true;
    stopping_ = false;
    tick_.start(tick_interval);
    connector_.dial();
}

void Connection::stop() {
    if (!running_ || stopping_) return;
    stopping_ = true;
    since_ = loop_.now();
    connector_.cancel();
    clear_info_.cancel();
    if (handshake_) options_.sealing->handshakes.cancel(std::exchange(handshake_, {}));
    if (!stream_) {
        state_ = State::down;
        running_ = false;
        tick_.cancel();
        return;
    }
    why_ = Ended::stopped;
    counters_.requests_lost += requests_.lose();
    if (!stream_->dead()) stream_->finish();
}

void Connection::redial() {
    if (stream_) end(Ended::stalled);
}

void Connection::on_connected(Socket socket) {
    assert(state_ == State::down);
    assert(!stopping_);
    ++counters_.connected;
    tune(socket, reactor::SocketProfile::neighbour);
    since_ = heard_at_ = loop_.now();
    info_ = {};
    leaves_at_.reset();
    if (options_.sealing == nullptr) return open(std::move(socket), {}, State::greeting);
    if (options_.sealing->handshake_first) return shake(std::move(socket));
    if (!clear_info_.begin(std::move(socket))) return fail(Ended::no_room);
    state_ = State::clear_info;
}

void Connection::on_clear_info(Socket socket, std::string_view json) {
    assert(state_ == State::clear_info);
    if (!take_info(json)) return fail(Ended::nonsense, "its INFO makes no sense");
    if (!info_.tls_required && !info_.tls_available) {
        return fail(Ended::no_tls, "it does not speak TLS");
    }
    shake(std::move(socket));
}

void Connection::shake(Socket socket) {
    SealPtr seal = options_.sealing->make_seal();
    if (seal == nullptr) return fail(Ended::no_room);
    state_ = State::shaking;
    handshake_ = options_.sealing->handshakes.dial(std::move(socket), std::move(seal), door_);
    if (!handshake_) fail(Ended::no_room);
}

void Connection::on_shaken(Socket socket, SealPtr seal) {
    assert(state_ == State::shaking);
    handshake_ = {};
    if (options_.sealing->handshake_first) {
        return open(std::move(socket), std::move(seal), State::greeting);
    }
    open(std::move(socket), std::move(seal), State::logging_in);
    if (stream_) log_in();
}

void Connection::on_unshaken(const Handshakes::Refusal& refusal) {
    assert(state_ == State::shaking);
    handshake_ = {};
    fail(Ended::unshaken, refusal.why);
}

void Connection::open(Socket socket, SealPtr seal, State next) {
    reader_ = protocol::nats::Reader(reader_limits);
    stream_.emplace(wire_, *this, true);
    if (auto opened = stream_->open(std::move(socket), std::move(seal)); !opened) {
        stream_.reset();
        return fail(Ended::no_room);
    }
    why_ = Ended::lost;
    state_ = next;
}

// Its subjects are nobody else's guess, nor those of an earlier connection, whose answers may come
// late.
void Connection::log_in() {
    state_ = State::logging_in;
    std::array<char, 48> name{};
    protocol::TextWriter inbox(name);
    inbox.put("_INBOX.");
    inbox.put_hex(reactor::sys::random_bits(), 16);
    inbox.put_hex(reactor::sys::random_bits(), 16);
    inbox_.assign(inbox.text());
    const auto out = stream_->reserve(protocol::nats::connect_size_max + 256);
    protocol::TextWriter writer(out);
    protocol::nats::put_connect(writer,
                                {.name = options_.name,
                                 .user = options_.user,
                                 .password = options_.password,
                                 .token = options_.token,
                                 .tls = options_.sealing != nullptr});
    inbox.put(".*");
    protocol::nats::put_subscribe(writer, inbox.text(), inbox_sid);
    writer.put(protocol::nats::ping_line);
    assert(!writer.overflowed());
    stream_->commit(writer.size());
    pinged_ = true;
    pinged_at_ = loop_.now();
}

void Connection::go_live() {
    state_ = State::live;
    since_ = loop_.now();
    reason_told_ = 0;
    ++counters_.logins;
    heed_info();
    std::array<char, reactor::address_text_size_max> text{};
    log_.event(Level::info, "broker_up")
        .field("address", address().text(text))
        .field("version", info_.version.text())
        .field("tls", stream_->sealed() ? "yes" : "no");
    owner_.on_live();
}

void Connection::on_seal_broken(std::string_view why) {
    why_ = Ended::unshaken;
    note(why_, why);
}

// Why it has ended is known, unless the other side or the network has ended it.
void Connection::on_closed(reactor::Closed) {
    assert(stream_.has_value());
    const bool was_live = state_ == State::live;
    note(why_, {});
    ++counters_.ended[static_cast<std::size_t>(why_)];
    state_ = State::down;
    stream_.reset();
    subscriptions_ = {};
    pinged_ = false;
    if (stopping_) {
        running_ = false;
        tick_.cancel();
        return;
    }
    connector_.dial_later();
    if (!was_live) return;
    counters_.requests_lost += requests_.lose();
    if (!stopping_) owner_.on_down(why_);
}

void Connection::fail(Ended why, std::string_view text) {
    assert(!stream_);
    note(why, text);
    ++counters_.ended[static_cast<std::size_t>(why)];
    state_ = State::down;
    connector_.dial_later();
}

void Connection::end(Ended why, std::string_view text) {
    assert(stream_.has_value());
    if (stream_->dead() || stopping_) return;
    note(why, text);
    why_ = why;
    stream_->abort();
}

// It dials again and again, and who looks for the reason wants the one that holds now.
void Connection::note(Ended why, std::string_view text) {
    if (why == Ended::stopped) return;
    const std::string_view reason = text.empty() ? to_text(why) : text;
    if (text.empty() && reason_told_ != 0) return;
    const std::size_t hash = std::hash<std::string_view>{}(reason) | 1;
    if (std::exchange(reason_told_, hash) == hash) return;
    std::array<char, reactor::address_text_size_max> at{};
    log_.event(Level::warning, "broker_down")
        .field("address", address().text(at))
        .field("why", to_text(why))
        .field("text", text);
}

void Connection::on_tick() {
    tick_.start(tick_interval);
    const auto passed = loop_.now() - since_;
    if (stopping_) {
        if (stream_ && !stream_->dead() && passed > farewell_max) stream_->abort();
        return;
    }
    if (stream_ && stream_->dead()) return;
    if (state_ == State::live) return tick_live();
    if (state_ == State::down || passed <= options_.login_max) return;
    if (stream_) return end(Ended::late);
    clear_info_.cancel();
    if (handshake_) options_.sealing->handshakes.cancel(std::exchange(handshake_, {}));
    fail(Ended::late);
}

void Connection::tick_live() {
    const reactor::Instant now = loop_.now();
    counters_.requests_late += requests_.expire(now);
    // Who was told may have stopped us.
    if (!live()) return;
    if (now - since_ > std::chrono::seconds(1)) connector_.settle();
    if (now - heard_at_ > options_.silence_max) {
        return end(stream_->blocked() ? Ended::stalled : Ended::silent);
    }
    if (leaves_at_ && (requests_.in_flight() == 0 || now >= *leaves_at_) && !stream_->blocked()) {
        return end(Ended::lame_duck);
    }
    if (!pinged_ && now - pinged_at_ >= options_.ping_interval && !stream_->blocked()) {
        pinged_ = true;
        pinged_at_ = now;
        say(protocol::nats::ping_line);
    }
}

}  // namespace herd::nats
