#include "bench/roll_call.hpp"

#include "bench/fleet.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace bench {

namespace {

constexpr reactor::Duration until_asked_again = std::chrono::milliseconds(2);

std::string_view question_in(Protocol protocol) {
    if (protocol == Protocol::iamat) return "SYNC\n";
    // It waits for one replica, a second at most.
    if (protocol == Protocol::set) return "WAIT 1 1000\r\n";
    throw CannotMeasure("nobody can be asked there whether others have everything");
}

std::size_t number(std::string_view text) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

RollCall::RollCall(Session& session, const Target& target, std::size_t server)
    : session_(session),
      reports_(reports(target.protocol, true)),
      question_(question_in(target.protocol)),
      others_(target.servers.size() - 1),
      connector_(session.loop(),
                 {},
                 reactor::Delegate<void(reactor::Socket)>::to<&RollCall::on_connected>(*this)),
      pause_(session.loop(), reactor::Delegate<void()>::to<&RollCall::ask>(*this)) {
    if (session.sealing() != nullptr) throw CannotMeasure("only plain connections can be asked");
    connector_.aim(target.servers[server].clients);
    connector_.dial();
    if (!session.run_until([this] { return stream_.has_value(); }, connect_timeout)) {
        throw CannotMeasure(target.servers[server].name + " cannot be reached");
    }
}

bool RollCall::says_all(std::string_view answer, std::size_t others) {
    if (answer.starts_with(':')) return number(answer.substr(1)) == others;
    // SYNC Goloman 1 1: of so many neighbours so many are there, and have everything.
    if (!answer.starts_with("SYNC ")) return false;
    const std::size_t last = answer.rfind(' ');
    const std::size_t before = answer.rfind(' ', last - 1);
    return number(answer.substr(before + 1)) == number(answer.substr(last + 1));
}

bool RollCall::await(bool all, reactor::Duration timeout) {
    asks_ = true;
    all_.reset();
    ask();
    const bool came = session_.run_until([&] { return all_ == all || !stream_; }, timeout);
    asks_ = false;
    if (!stream_) throw CannotMeasure("the server that was asked for the others has gone");
    // An answer that is still on its way would be taken for that to the next question.
    session_.run_until([this] { return lines_ == 2; }, answer_timeout);
    pause_.cancel();
    return came;
}

void RollCall::ask() {
    if (!stream_ || !asks_) return;
    std::array<char, Fleet::command_size_max> text;
    const std::size_t size = reports_.write(text, 0, session_.posix_ns(this_moment()));
    lines_ = 0;
    stream_->send({text.data(), size});
    stream_->send(question_);
}

void RollCall::on_connected(reactor::Socket socket) {
    stream_.emplace(session_.wire(), *this);
    if (!stream_->open(std::move(socket))) stream_.reset();
}

std::size_t RollCall::on_input(std::string_view bytes, std::size_t, bool ended) {
    std::size_t taken = 0;
    for (std::size_t end = 0; (end = bytes.find('\n', taken)) != std::string_view::npos;) {
        const std::string_view line = bytes.substr(taken, end - taken);
        taken = end + 1;
        if (++lines_ < 2) continue;
        all_ = says_all(line, others_);
        pause_.start(until_asked_again);
    }
    if (ended) stream_->abort();
    return taken;
}

void RollCall::on_closed(reactor::Closed) {
    stream_.reset();
}

}  // namespace bench
