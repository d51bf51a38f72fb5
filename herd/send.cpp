#include "herd/send.hpp"

#include "herd/config_text.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"
#include "reactor/timer.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>

namespace herd {

namespace {

using reactor::Delegate;

bool is_question(std::string_view line) {
    constexpr std::string_view white = " \t\r\v\f";
    const std::size_t start = line.find_first_not_of(white);
    if (start == std::string_view::npos) return false;
    line.remove_prefix(start);
    return line.substr(0, line.find_first_of(white)) == "WHATSAT";
}

// The size of the answer that `text` begins with; 0: it is not all there yet.
std::size_t answer_size(std::string_view text, bool question) {
    const std::size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos) return 0;
    if (!question || text.starts_with('?')) return line_end + 1;
    const std::size_t end = text.find("\n\n", line_end + 1);
    return end == std::string_view::npos ? 0 : end + 2;
}

bool try_again(reactor::Errno error) {
    return error.value == EAGAIN;
}

// One connection: everything out, our end closed, everything in. Reads while it writes: a server
// takes no commands from a client that does not take its answers.
class Conversation {
public:
    Conversation(const std::vector<std::string>& lines, reactor::Duration patience)
        : lines_(lines),
          patience_(patience),
          timeout_(loop_, Delegate<void()>::to<&Conversation::on_timeout>(*this)) {
        for (const std::string& line : lines) out_ += line + '\n';
    }

    reactor::Result<void> start(const reactor::Address& server);
    void run() { loop_.run(); }

    // Why there are fewer answers than lines; empty: there are not.
    std::string_view trouble() const { return trouble_; }
    bool refused() const { return refused_; }

private:
    void on_ready(reactor::Ready ready);
    void on_timeout() { give_up("no answer in time"); }
    bool connected();
    void write();
    void read();
    void take_answers();
    void give_up(std::string_view why);

    const std::vector<std::string>& lines_;
    reactor::Duration patience_;
    reactor::Loop loop_;
    reactor::Socket socket_;
    reactor::Watch watch_;
    reactor::Timer timeout_;
    std::string out_;
    std::size_t sent_ = 0;  // of out_
    std::string in_;        // not a whole answer yet
    std::size_t answers_ = 0;
    bool connected_ = false;
    bool refused_ = false;
    std::string_view trouble_;
};

reactor::Result<void> Conversation::start(const reactor::Address& server) {
    if (auto opened = loop_.open({.watches = 4, .timers = 4}); !opened) return opened;
    const auto fd = reactor::sys::open_socket(server.v6);
    if (!fd) return std::unexpected(fd.error());
    socket_ = reactor::Socket(*fd);
    auto begun = reactor::sys::connect(*fd, server);
    if (!begun && begun.error().value != EINPROGRESS) return begun;
    auto watch = loop_.watch(
        *fd, reactor::Interest::write, reactor::Handler::to<&Conversation::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    timeout_.start(patience_);
    return {};
}

void Conversation::on_ready(reactor::Ready ready) {
    if (!connected_ && !connected()) return;
    if (ready.writable && sent_ < out_.size()) write();
    if (ready.readable || ready.hangup) read();
}

bool Conversation::connected() {
    if (const auto error = reactor::sys::take_error(socket_.fd()); !error) {
        give_up(describe(error.error()));
        return false;
    }
    connected_ = true;
    watch_.want(reactor::Interest::both);
    return true;
}

// What goes wrong here shows when reading; there may still be answers.
void Conversation::write() {
    const auto sent = reactor::sys::send(socket_.fd(), std::string_view(out_).substr(sent_));
    if (!sent && try_again(sent.error())) return;
    sent_ = sent ? sent_ + *sent : out_.size();
    if (sent_ < out_.size()) return;
    reactor::sys::shutdown_write(socket_.fd());
    watch_.want(reactor::Interest::read);
}

void Conversation::read() {
    std::array<char, 65536> room;  // NOLINT(*-member-init): only what is received is looked at
    const auto received = reactor::sys::receive(socket_.fd(), room);
    if (!received && try_again(received.error())) return;
    if (!received) return give_up(describe(received.error()));
    if (*received == 0) return give_up("the connection ended before the last answer");
    timeout_.start(patience_);
    in_.append(room.data(), *received);
    take_answers();
}

void Conversation::take_answers() {
    std::size_t taken = 0;
    while (answers_ < lines_.size()) {
        const std::string_view rest = std::string_view(in_).substr(taken);
        const std::size_t size = answer_size(rest, is_question(lines_[answers_]));
        if (size == 0) break;
        refused_ = refused_ || rest.starts_with('?');
        ++answers_;
        taken += size;
    }
    std::fwrite(in_.data(), 1, taken, stdout);
    in_.erase(0, taken);
    if (answers_ == lines_.size()) loop_.stop();
}

void Conversation::give_up(std::string_view why) {
    trouble_ = why;
    loop_.stop();
}

}  // namespace

int send_lines(const reactor::Address& server,
               const std::vector<std::string>& lines,
               reactor::Duration patience) {
    const auto complain = [&](std::string_view what) {
        std::fprintf(stderr,
                     "%s: %.*s\n",
                     to_text(server).c_str(),
                     static_cast<int>(what.size()),
                     what.data());
        return 2;
    };
    if (lines.empty()) return 0;
    Conversation conversation(lines, patience);
    if (const auto started = conversation.start(server); !started) {
        return complain(describe(started.error()));
    }
    conversation.run();
    std::fflush(stdout);
    if (!conversation.trouble().empty()) return complain(conversation.trouble());
    return conversation.refused() ? 1 : 0;
}

}  // namespace herd
