#include "herd/program/send.hpp"

#include "herd/config/text.hpp"
#include "herd/program/dialogue.hpp"
#include "herd/program/disarm.hpp"
#include "herd/program/refusal.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/seal.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::program {

namespace {

using reactor::Delegate;

// Beyond the longest that a server may give: an AT line, and `places_body_max` at its most.
constexpr std::size_t answer_size_max = std::size_t{32} << 20;

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
          lines_(lines),
          begins_with_auth_(options.begins_with_auth),
          dialogue_(loop_,
                    {.time = options.time_limit, .size = answer_size_max},
                    Dialogue::Reader::to<&Conversation::take_answers>(*this),
                    Delegate<void()>::to<&Conversation::on_over>(*this)) {}

    reactor::Result<void> start(const reactor::Address& server, reactor::SealPtr seal);
    void run() { loop_.run(); }

    // Why there are fewer answers than lines; empty: there are not.
    std::string_view trouble() const { return dialogue_.trouble(); }
    bool refused() const { return !reasons_.empty(); }
    // Why some may have been; a line for each kind of reason.
    std::string reasons() const;

private:
    bool take_answers(std::string& text);
    void on_answer(std::string_view answer);
    void on_refusal(std::string_view echo);
    void on_over() { loop_.stop(); }

    const config::Config& config_;
    const std::vector<std::string>& lines_;
    bool begins_with_auth_;
    reactor::Loop loop_;
    Dialogue dialogue_;
    std::size_t answers_ = 0;
    std::size_t followed_ = 0;  // And not unfollowed.
    bool token_refused_ = false;
    std::vector<std::string> reasons_;
};

reactor::Result<void> Conversation::start(const reactor::Address& server, reactor::SealPtr seal) {
    assert(!lines_.empty());
    if (auto opened = loop_.open({.watches = 4, .timers = 4}); !opened) return opened;
    std::string out;
    for (const std::string& line : lines_) {
        assert(line.find('\n') == std::string::npos);
        out += line + '\n';
    }
    return dialogue_.start(server, std::move(out), std::move(seal));
}

bool Conversation::take_answers(std::string& text) {
    std::size_t taken = 0;
    std::size_t kept_back = 0;
    while (answers_ < lines_.size()) {
        const std::string_view rest = std::string_view(text).substr(taken);
        if (const std::size_t size = pushed_size(rest); size > 0) {
            taken += size;
            continue;
        }
        const std::size_t size = answer_size(rest, is_question(lines_[answers_]));
        if (size == 0) break;
        if (answers_ == 0 && begins_with_auth_) kept_back = size;
        on_answer(rest.substr(0, size - 1));
        ++answers_;
        taken += size;
    }
    assert(taken <= text.size());
    std::string answers = text.substr(kept_back, taken - kept_back);
    disarm(answers);
    std::fwrite(answers.data(), 1, answers.size(), stdout);
    text.erase(0, taken);
    return answers_ == lines_.size();
}

void Conversation::on_answer(std::string_view answer) {
    if (answer.starts_with('?')) return on_refusal(echo_of(answer));
    if (answer.starts_with("FOLLOW ")) ++followed_;
    if (answer.starts_with("UNFOLLOW ") && followed_ > 0) --followed_;
}

// A token that was refused is the reason of all that follows.
void Conversation::on_refusal(std::string_view echo) {
    if (token_refused_) return;
    token_refused_ = begins_with_auth_ && answers_ == 0;
    std::string reason = (token_refused_ ? "the server refuses the token: " : "?: ") +
                         reason_of_refusal({.line = lines_[answers_],
                                            .echo = echo,
                                            .followed = followed_,
                                            .has_token = begins_with_auth_},
                                           config_);
    if (std::ranges::find(reasons_, reason) == reasons_.end()) {
        reasons_.push_back(std::move(reason));
    }
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
    if (lines.empty()) return 0;
    if (const auto opened = port.open(config); !opened) return fail(opened.error());
    Conversation conversation(config, lines, options);
    const auto started = conversation.start(port.address(), port.make_seal());
    if (!started) return fail(describe(started.error()));
    conversation.run();
    std::fflush(stdout);
    std::fputs(conversation.reasons().c_str(), stderr);
    if (!conversation.trouble().empty()) return fail(conversation.trouble());
    return conversation.refused() ? 1 : 0;
}

}  // namespace herd::program
