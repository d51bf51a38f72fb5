#include "bench/floor/flood.hpp"

#include "bench/floor/outbox.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

namespace {

// What single spaces part, the last field with the line's end; none if there are too few.
template <std::size_t Count>
std::optional<std::array<std::string_view, Count>> split(std::string_view line) {
    std::array<std::string_view, Count> fields;
    for (std::size_t i = 0; i + 1 < Count; ++i) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        fields.at(i) = line.substr(0, space);
        line.remove_prefix(space + 1);
    }
    fields.back() = line;
    return fields;
}

// Times are decimal seconds: more digits before the point are more of them.
bool newer(std::string_view time, std::string_view than) {
    if (time.size() == than.size()) return time > than;
    return std::pair{std::min(time.find('.'), time.size()), time} >
           std::pair{std::min(than.find('.'), than.size()), than};
}

// Cuts what comes in at a connection into lines.
class FloodConnection : public Handler {
public:
    FloodConnection(EventLoop& loop, int descriptor, Flood& flood, Port from)
        : loop_{loop},
          flood_{flood},
          outbox_{loop, *this, EPOLLIN},
          descriptor_{descriptor},
          from_{from} {}
    ~FloodConnection() override { close(descriptor_); }

    bool ready(std::uint32_t events) override {
        if (broken(events)) return false;
        outbox_.flush(descriptor_);
        if (!outbox_.empty()) return true;  // reads nothing more from a client that reads nothing
        const EventLoop::Read read = loop_.read(descriptor_);
        if (rest_.empty()) {
            rest_ = take_lines(read.bytes);
        } else {
            rest_ += read.bytes;
            rest_.erase(0, rest_.size() - take_lines(rest_).size());
        }
        return !read.ended;
    }

private:
    // Returns what is not a whole line yet.
    std::string_view take_lines(std::string_view bytes) {
        std::string answers;
        for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
             end = bytes.find('\n')) {
            const std::string_view line = bytes.substr(0, end + 1);
            if (from_ == 0) {
                flood_.take_report(line, answers);
            } else {
                flood_.take_told(line);
            }
            bytes.remove_prefix(line.size());
        }
        flood_.spread(from_);
        outbox_.send(descriptor_, answers);
        return bytes;
    }

    EventLoop& loop_;
    Flood& flood_;
    Outbox outbox_;
    int descriptor_;
    Port from_;  // 0: a client
    std::string rest_;
};

}  // namespace

Flood::Flood(EventLoop& loop,
             std::string name,
             Port client_port,
             Port peer_port,
             const std::vector<Port>& next_ports)
    : name_{std::move(name)},
      clients_{
          loop, client_port, [this, &loop](int descriptor) { adopt(loop, descriptor, Port{0}); }},
      peers_{loop, peer_port, [this, &loop](int descriptor) {
                 adopt(loop, descriptor, dialled_by(descriptor));
             }} {
    for (const Port port : next_ports) links_.emplace_back(loop, port, peer_port);
}

void Flood::adopt(EventLoop& loop, int descriptor, Port from) {
    loop.adopt(
        descriptor, EPOLLIN, std::make_unique<FloodConnection>(loop, descriptor, *this, from));
}

void Flood::take_report(std::string_view line, std::string& answers) {
    const auto fields = split<4>(line);
    if (!fields) return;
    const auto& [command, client, location, time] = *fields;
    const std::size_t begin = answers.size();
    answers.append("AT ").append(name_).append(" +0.000000000 ");
    answers.append(line.substr(command.size() + 1));
    if (is_news(client, time)) news_.append(answers, begin);
}

void Flood::take_told(std::string_view line) {
    const auto fields = split<6>(line);
    if (fields && is_news((*fields)[3], (*fields)[5])) news_ += line;
}

void Flood::spread(Port except) {
    if (news_.empty()) return;
    for (Link& link : links_) {
        if (link.port() != except) link.send(news_);
    }
    news_.clear();
}

bool Flood::is_news(std::string_view client, std::string_view time) {
    const auto known = newest_.find(client);
    if (known == newest_.end()) {
        newest_.emplace(client, time);
        return true;
    }
    if (!newer(time, known->second)) return false;
    known->second = time;
    return true;
}

}  // namespace bench::floor
