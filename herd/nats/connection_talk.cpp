// What is said on a connection, and what is heard.
#include "herd/nats/connection.hpp"
#include "protocol/nats_headers.hpp"
#include "protocol/nats_subject.hpp"
#include "protocol/text_writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>
#include <variant>

namespace herd::nats {

namespace {

using protocol::nats::Delivery;
using protocol::nats::ErrorKind;

Ended ended_by(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::denied:
            return Ended::denied;
        case ErrorKind::stale:
            return Ended::stale;
        case ErrorKind::slow_consumer:
            return Ended::slow_consumer;
        case ErrorKind::tls_required:
            return Ended::no_tls;
        case ErrorKind::too_long:
            return Ended::too_long;
        case ErrorKind::full:
        case ErrorKind::shutdown:
        case ErrorKind::nonsense:
        case ErrorKind::permission:
        case ErrorKind::unsupported:
        case ErrorKind::other:
            break;
    }
    return Ended::refused;
}

// A request's number, as reply subjects end in it; 0: it is none.
std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, 16);
    return read.ec == std::errc() && read.ptr == end ? number : 0;
}

}  // namespace

std::size_t Connection::on_input(std::string_view bytes, std::size_t, bool ended) {
    assert(stream_.has_value());
    heard_at_ = loop_.now();
    std::size_t taken = 0;
    while (stream_->listens()) {
        const auto read = reader_.read(bytes.substr(taken));
        if (!read) {
            end(Ended::nonsense, protocol::nats::to_text(read.error()));
            break;
        }
        taken += read->consumed;
        if (!read->message) {
            if (ended) stream_->abort();
            break;
        }
        take(*read->message);
    }
    return taken;
}

void Connection::on_drained() {
    if (live()) owner_.on_room();
}

void Connection::take(const protocol::nats::Message& message) {
    if (const auto* delivery = std::get_if<Delivery>(&message)) return deliver(*delivery);
    if (const auto* error = std::get_if<protocol::nats::Error>(&message)) {
        return on_error(error->text);
    }
    if (std::holds_alternative<protocol::nats::Ping>(message)) {
        return say(protocol::nats::pong_line);
    }
    if (std::holds_alternative<protocol::nats::Pong>(message)) return on_pong();
    const auto* const info = std::get_if<protocol::nats::Info>(&message);
    if (info == nullptr) return;
    if (!take_info(info->json)) return end(Ended::nonsense, "its INFO makes no sense");
    if (state_ != State::greeting) return;
    if (info_.tls_required && options_.sealing == nullptr) {
        return end(Ended::no_tls, "it wants TLS");
    }
    log_in();
}

// Also later, as its cluster changes, and when it is about to end.
bool Connection::take_info(std::string_view json) {
    const auto info = protocol::nats::parse_info(json);
    if (!info) return false;
    info_ = *info;
    if (live()) heed_info();
    return true;
}

// Only of a broker that has taken us: nobody else is to say where we dial.
void Connection::heed_info() {
    addresses_.learn(info_);
    if (!info_.lame_duck || leaves_at_ || !addresses_.has_other()) return;
    leaves_at_ = loop_.now() + farewell_max;
}

void Connection::on_pong() {
    if (!pinged_) return;
    pinged_ = false;
    round_trip_ = loop_.now() - pinged_at_;
    if (state_ == State::logging_in) go_live();
}

void Connection::on_error(std::string_view text) {
    const ErrorKind kind = protocol::nats::kind_of_error(text);
    if (ends_connection(kind)) return end(ended_by(kind), text);
    ++(kind == ErrorKind::permission ? counters_.permissions : counters_.errors);
    log_.event(Level::warning, "broker_complains").field("kind", to_text(kind)).field("text", text);
    if (live()) owner_.on_complaint(kind, text);
}

void Connection::deliver(const Delivery& delivery) {
    if (!live()) {
        if (!stopping_) end(Ended::nonsense, "a message before we are taken");
        return;
    }
    if (delivery.skipped) ++counters_.too_long;
    if (delivery.sid == inbox_sid) return deliver_reply(delivery);
    const auto* const found = std::ranges::find(subscriptions_, delivery.sid, &Subscription::sid);
    if (delivery.sid == 0 || found == subscriptions_.end()) {
        ++counters_.strays;
        return;
    }
    ++counters_.delivered;
    // A copy: it may end its own subscription.
    const Deliver to = found->deliver;
    to(delivery);
}

void Connection::deliver_reply(const Delivery& delivery) {
    const std::size_t start = inbox_.text().size() + 1;
    const std::string_view subject = delivery.subject;
    std::uint64_t number = 0;
    if (subject.size() > start && subject.starts_with(inbox_.text())) {
        number = number_of(subject.substr(start));
    }
    Reply reply{.headers = delivery.headers, .payload = delivery.payload};
    if (delivery.skipped) reply.kind = Reply::Kind::too_long;
    if (delivery.payload.empty() && !delivery.headers.empty()) {
        constexpr std::uint32_t no_responders = 503;
        const auto headers = protocol::nats::Headers::parse(delivery.headers);
        if (headers && headers->status() == no_responders) reply.kind = Reply::Kind::nobody;
    }
    const bool nobody = reply.kind == Reply::Kind::nobody;
    if (!requests_.answer(number, reply)) {
        ++counters_.strays;
    } else if (nobody) {
        ++counters_.requests_nobody;
    }
}

Said Connection::publish(const protocol::nats::Publication& publication) {
    if (!live()) return Said::down;
    if (stream_->blocked()) {
        ++counters_.held_back;
        return Said::full;
    }
    const std::size_t size = size_of(publication);
    if (flaw_of(publication, info_.max_payload) || size > wire_.limits().send_size) {
        ++counters_.unsendable;
        return Said::unsendable;
    }
    protocol::TextWriter writer(stream_->reserve(size));
    put_publication(writer, publication);
    assert(!writer.overflowed());
    stream_->commit(writer.size());
    if (!live()) return Said::down;
    ++counters_.published;
    return Said::yes;
}

Said Connection::request(std::string_view subject,
                         std::string_view payload,
                         reactor::Duration time,
                         ReplyTo to) {
    if (!live()) return Said::down;
    if (requests_.full()) {
        ++counters_.requests_full;
        return Said::full;
    }
    const std::uint64_t number = requests_.begin(to, loop_.now() + time);
    std::array<char, 80> text{};
    protocol::TextWriter reply(text);
    reply.put(inbox_.text());
    reply.put('.');
    reply.put_hex(number, 1);
    const Said said = publish({.subject = subject, .reply = reply.text(), .payload = payload});
    if (said == Said::yes) {
        ++counters_.requests;
    } else {
        requests_.cancel(number);
    }
    return said;
}

std::uint64_t Connection::subscribe(std::string_view filter, Deliver deliver) {
    assert(deliver);
    if (!live() || !protocol::nats::is_filter(filter)) return 0;
    const std::size_t size = filter.size() + 64;
    if (size > protocol::nats::control_line_max) return 0;
    auto* const free = std::ranges::find(subscriptions_, std::uint64_t{0}, &Subscription::sid);
    if (free == subscriptions_.end()) return 0;
    protocol::TextWriter writer(stream_->reserve(size));
    // The reserve may have ended the stream: then nobody is there.
    if (!live()) return 0;
    *free = {++last_sid_, deliver};
    protocol::nats::put_subscribe(writer, filter, free->sid);
    stream_->commit(writer.size());
    return free->sid;
}

void Connection::unsubscribe(std::uint64_t sid) {
    auto* const found = std::ranges::find(subscriptions_, sid, &Subscription::sid);
    if (sid == 0 || found == subscriptions_.end()) return;
    *found = {};
    if (!live()) return;
    protocol::TextWriter writer(stream_->reserve(64));
    protocol::nats::put_unsubscribe(writer, sid);
    stream_->commit(writer.size());
}

void Connection::say(std::string_view text) {
    if (!stream_->dead() && !stopping_) stream_->send(text);
}

}  // namespace herd::nats
