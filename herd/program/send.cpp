#include "herd/program/send.hpp"

#include "herd/config/text.hpp"
#include "herd/program/dialogue.hpp"
#include "herd/program/disarm.hpp"
#include "herd/program/line_source.hpp"
#include "herd/program/refusal.hpp"
#include "herd/program/wrong_port.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/seal.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::program {

namespace {

using reactor::Delegate;

// Beyond the longest that a server may give: an AT line, and `places_body_max` at its most.
constexpr std::size_t answer_size_max = std::size_t{32} << 20;

constexpr int standard_input = 0;

// Bytes of memory for lines that are not answered yet: beyond it none is read.
constexpr std::size_t unanswered_size_max = std::size_t{1} << 20;

std::size_t size_in_memory(const std::string& line) {
    return sizeof(std::string) + line.size();
}

bool is_question(std::string_view line) {
    constexpr std::string_view white = " \t\r\v\f";
    const std::size_t start = line.find_first_not_of(white);
    if (start == std::string_view::npos) return false;
    line.remove_prefix(start);
    const std::string_view name = line.substr(0, line.find_first_of(white));
    return name == "WHATSAT" || name == "NEARBY";
}

// The size of the answer that `text` begins with; 0: it is not all there yet.
std::size_t answer_size(std::string_view text, bool question) {
    const std::size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos) return 0;
    if (!question || text.starts_with('?')) return line_end + 1;
    const std::size_t end = text.find("\n\n", line_end);
    return end == std::string_view::npos ? 0 : end + 2;
}

// The size of the line that `text` begins with, when it is pushed and answers nothing; else 0.
std::size_t pushed_size(std::string_view text) {
    const bool pushed = text.starts_with("NOW ") || text.starts_with("GONE ");
    return pushed ? text.find('\n') + 1 : 0;  // Without its end it is 0, too.
}

// What has come, against what was asked.
class Conversation {
public:
    Conversation(const config::Config& config,
                 const std::vector<std::string>& lines,
                 const SendOptions& options)
        : config_(config),
          lines_(lines, standard_input),
          auth_(options.auth),
          dialogue_(loop_,
                    {.time = options.time_limit, .size = answer_size_max},
                    Dialogue::Reader::to<&Conversation::take_answers>(*this),
                    Delegate<void()>::to<&Conversation::on_over>(*this)) {}

    // Waits for the first line; false: there is none.
    bool find_first();
    // With that.
    reactor::Result<void> start(const reactor::Address& server, reactor::SealPtr seal);
    void run() { loop_.run(); }

    // Why there are fewer answers than lines; empty: there are not.
    std::string_view trouble() const { return dialogue_.trouble(); }
    // What is wrong with the port; empty: clients are answered there.
    const std::string& wrong_port() const { return wrong_port_; }
    bool refused() const { return !reasons_.empty(); }
    // Why some may have been; a line for each kind of reason.
    std::string reasons() const;

private:
    void ask(std::string line);
    void ask_more();
    bool all_answered() const { return all_asked_ && unanswered_.empty(); }
    bool has_room() const { return unanswered_size_ < unanswered_size_max; }
    void on_input(reactor::Ready ready);
    bool take_answers(std::string& text);
    void on_answer(std::string_view answer);
    void on_refusal(std::string_view echo);
    void on_over();

    const config::Config& config_;
    LineSource lines_;
    const std::string& auth_;
    reactor::Loop loop_;
    Dialogue dialogue_;
    // Of standard input; none: it is a file, for which nobody can wait, nor has to.
    reactor::Watch input_;
    std::string unsaid_;  // lines that the dialogue has not got yet
    std::deque<std::string> unanswered_;
    std::size_t unanswered_size_ = 0;
    bool all_asked_ = false;
    bool begins_with_auth_ = false;  // It is not answered yet.
    std::size_t followed_ = 0;       // And not unfollowed.
    bool token_refused_ = false;
    std::string wrong_port_;
    std::vector<std::string> reasons_;
};

bool Conversation::find_first() {
    std::optional<std::string> line;
    while (!(line = lines_.next())) {
        if (lines_.over()) return false;
        lines_.read();
    }
    begins_with_auth_ = !auth_.empty();
    if (begins_with_auth_) ask(auth_);
    ask(std::move(*line));
    return true;
}

reactor::Result<void> Conversation::start(const reactor::Address& server, reactor::SealPtr seal) {
    assert(!unsaid_.empty());
    if (auto opened = loop_.open({.watches = 4, .timers = 4}); !opened) return opened;
    auto begun = dialogue_.start(
        server, std::exchange(unsaid_, {}), std::move(seal), Dialogue::Rest::to_come);
    if (!begun) return begun;
    auto watch = loop_.watch(standard_input,
                             reactor::Interest::none,
                             reactor::Handler::to<&Conversation::on_input>(*this));
    if (!watch && watch.error().value != EPERM) return std::unexpected(watch.error());
    if (watch) input_ = std::move(*watch);
    ask_more();
    return {};
}

void Conversation::ask(std::string line) {
    assert(line.find('\n') == std::string::npos);
    unsaid_ += line + '\n';
    unanswered_size_ += size_in_memory(line);
    unanswered_.push_back(std::move(line));
}

// All that is there, as far as there is room.
void Conversation::ask_more() {
    assert(!all_asked_);
    while (has_room() && !lines_.over()) {
        if (auto line = lines_.next()) {
            ask(std::move(*line));
        } else if (!lines_.over()) {
            if (input_.active()) break;
            lines_.read();
        }
    }
    all_asked_ = lines_.over();
    dialogue_.say(std::exchange(unsaid_, {}),
                  all_asked_ ? Dialogue::Rest::none : Dialogue::Rest::to_come);
    if (!input_.active()) return;
    input_.want(has_room() && !all_asked_ ? reactor::Interest::read : reactor::Interest::none);
}

// A hang-up comes unasked, too.
void Conversation::on_input(reactor::Ready) {
    if (all_asked_ || !has_room()) return;
    lines_.read();
    ask_more();
    if (all_answered()) dialogue_.finish();
}

// True: that was all, or nobody gets it, or it comes from nobody who takes clients.
bool Conversation::take_answers(std::string& text) {
    std::size_t taken = 0;
    std::size_t kept_back = 0;
    while (!all_answered()) {
        const std::string_view rest = std::string_view(text).substr(taken);
        if (const std::size_t size = pushed_size(rest); size > 0) {
            taken += size;
            continue;
        }
        if (const auto end = rest.find('\n'); end != std::string_view::npos) {
            wrong_port_ = program::wrong_port(rest.substr(0, end));
        }
        if (unanswered_.empty() || !wrong_port_.empty()) break;
        const std::size_t size = answer_size(rest, is_question(unanswered_.front()));
        if (size == 0) break;
        if (begins_with_auth_) kept_back = taken + size;
        on_answer(rest.substr(0, size - 1));
        taken += size;
    }
    assert(taken <= text.size());
    std::string answers = text.substr(kept_back, taken - kept_back);
    disarm(answers);
    std::fwrite(answers.data(), 1, answers.size(), stdout);
    text.erase(0, taken);
    if (std::fflush(stdout) != 0 || !wrong_port_.empty()) return true;
    if (!all_asked_) ask_more();
    if (unanswered_.empty()) dialogue_.wait_on();
    return all_answered();
}

void Conversation::on_answer(std::string_view answer) {
    if (answer.starts_with('?')) on_refusal(echo_of(answer));
    if (answer.starts_with("FOLLOW ")) ++followed_;
    if (answer.starts_with("UNFOLLOW ") && followed_ > 0) --followed_;
    begins_with_auth_ = false;
    unanswered_size_ -= size_in_memory(unanswered_.front());
    unanswered_.pop_front();
}

// A token that was refused is the reason of all that follows.
void Conversation::on_refusal(std::string_view echo) {
    if (token_refused_) return;
    token_refused_ = begins_with_auth_;
    std::string reason = (token_refused_ ? "the server refuses the token: " : "?: ") +
                         reason_of_refusal({.line = unanswered_.front(),
                                            .echo = echo,
                                            .followed = followed_,
                                            .has_token = !auth_.empty()},
                                           config_);
    if (std::ranges::find(reasons_, reason) == reasons_.end()) {
        reasons_.push_back(std::move(reason));
    }
}

void Conversation::on_over() {
    input_ = {};
    loop_.stop();
}

std::string Conversation::reasons() const {
    std::string text;
    for (const std::string& reason : reasons_) text += "herd: " + reason + "\n";
    return text;
}

}  // namespace

int send_lines(const config::Config& config,
               const config::Server& server,
               const std::vector<std::string>& lines,
               const SendOptions& options) {
    ClientPort port(server, options.port);
    const auto fail = [&](std::string_view what) {
        std::fprintf(stderr,
                     "%s: %.*s\n",
                     config::text_of(port.address()).c_str(),
                     static_cast<int>(what.size()),
                     what.data());
        return 2;
    };
    Conversation conversation(config, lines, options);
    if (!conversation.find_first()) return 0;
    if (const auto opened = port.open(config); !opened) return fail(opened.error());
    const auto started = conversation.start(port.address(), port.make_seal());
    if (!started) return fail(describe(started.error()));
    conversation.run();
    std::fflush(stdout);
    std::fputs(conversation.reasons().c_str(), stderr);
    if (!conversation.wrong_port().empty()) {
        return fail_at_wrong_port(port.address(), conversation.wrong_port());
    }
    if (!conversation.trouble().empty()) return fail(conversation.trouble());
    return conversation.refused() ? 1 : 0;
}

}  // namespace herd::program
