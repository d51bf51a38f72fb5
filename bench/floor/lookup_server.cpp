#include "bench/floor/lookup_server.hpp"

#include "bench/floor/outbox.hpp"

#include <cstddef>
#include <memory>

#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

namespace {

// About as much as five results take, which is what the load asks for.
constexpr std::size_t answer_size = 2000;
constexpr std::string_view head = "AT floor +0.000000000 ";

// The first word of `line`, which is cut off with the blank behind it.
std::string_view take_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

class LookupConnection : public Handler, public Asker {
public:
    LookupConnection(EventLoop& loop, int descriptor, LookupServer& server)
        : loop_{loop}, server_{server}, outbox_{loop, *this, EPOLLIN}, descriptor_{descriptor} {}
    ~LookupConnection() override {
        server_.forget(*this);
        close(descriptor_);
    }

    bool ready(std::uint32_t events) override {
        if (broken(events)) return false;
        outbox_.flush(descriptor_);
        if (!outbox_.empty()) return true;
        const EventLoop::Read read = loop_.read(descriptor_);
        rest_ += read.bytes;
        take_lines();
        return !read.ended;
    }

    void answered(std::string_view body) override {
        // An empty line ends an answer, so none may stand in it.
        std::string_view piece = body.substr(0, answer_size);
        piece = piece.substr(0, piece.find_last_not_of('\n') + 1);
        std::string answer{"AT floor\n"};
        answer.append(piece).append("\n\n");
        outbox_.send(descriptor_, answer);
    }

private:
    void take_lines() {
        std::string answers;
        std::size_t begin = 0;
        for (std::size_t end = rest_.find('\n'); end != std::string::npos;
             begin = end + 1, end = rest_.find('\n', begin)) {
            const auto line = std::string_view{rest_}.substr(begin, end - begin);
            if (!line.starts_with("WHATSAT ")) {
                server_.take_report(line, answers);
            } else if (!server_.ask(line, *this)) {
                answers.append("? ").append(line).append("\n");
            }
        }
        rest_.erase(0, begin);
        outbox_.send(descriptor_, answers);
    }

    EventLoop& loop_;
    LookupServer& server_;
    Outbox outbox_;
    int descriptor_;
    std::string rest_;  // not a whole line yet
};

}  // namespace

LookupServer::LookupServer(EventLoop& loop, Port port, Port places)
    : lookups_{loop, places}, listener_{loop, port, [this, &loop](int descriptor) {
                                            loop.adopt(descriptor,
                                                       EPOLLIN,
                                                       std::make_unique<LookupConnection>(
                                                           loop, descriptor, *this));
                                        }} {}

void LookupServer::take_report(std::string_view line, std::string& answers) {
    take_word(line);
    answers.append(head).append(line).append("\n");
    const std::string_view client = take_word(line);
    const std::string_view location = take_word(line);
    const auto known = locations_.find(client);
    if (known == locations_.end()) {
        locations_.emplace(client, location);
    } else {
        known->second = location;
    }
}

bool LookupServer::ask(std::string_view line, Asker& asker) {
    take_word(line);
    const auto known = locations_.find(take_word(line));
    if (known == locations_.end()) return false;
    lookups_.begin(known->second, asker);
    return true;
}

}  // namespace bench::floor
