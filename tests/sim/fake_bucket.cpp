#include "tests/sim/fake_bucket.hpp"

#include "protocol/nats_headers.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace sim {

namespace {

constexpr std::size_t past_max = 8;

std::string_view take_token(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find('.'));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    return word;
}

}  // namespace

bool takes(std::string_view filter, std::string_view subject) {
    while (!filter.empty() && !subject.empty()) {
        const std::string_view wanted = take_token(filter);
        if (wanted == ">") return true;
        if (const std::string_view word = take_token(subject); wanted != "*" && wanted != word) {
            return false;
        }
    }
    return filter.empty() && subject.empty();
}

FakeBucket::FakeBucket(Terms terms, std::string created)
    : terms_(std::move(terms)), created_(std::move(created)) {}

FakeBucket::Put FakeBucket::put(Message message, std::int64_t now_ns, bool dropped) {
    const auto headers = protocol::nats::Headers::parse(message.headers);
    const auto id = headers ? headers->find("Nats-Msg-Id") : std::nullopt;
    if (id) {
        const auto known = ids_.find(std::string(*id));
        const bool recent =
            known != ids_.end() && now_ns - known->second < terms_.duplicate_window_ns;
        if (recent) return Put::duplicate;
        ids_[std::string(*id)] = now_ns;
    }
    const bool known = newest_.contains(message.subject);
    const bool room = terms_.max_bytes < 0 ||
                      bytes_ + message.size() <= static_cast<std::uint64_t>(terms_.max_bytes);
    if (!known && !room) return Put::full;
    message.seq = ++last_seq_;
    if (swallowing_.contains(message.subject)) {
        // What was there before is gone as well.
        drop(message.subject);
    } else if (!dropped) {
        keep(std::move(message));
    }
    return Put::stored;
}

void FakeBucket::keep(Message message) {
    if (const auto found = newest_.find(message.subject); found != newest_.end()) {
        std::vector<Message>& past = past_[message.subject];
        past.push_back(messages_.at(found->second));
        if (past.size() > past_max) past.erase(past.begin());
    }
    drop(message.subject);
    bytes_ += message.size();
    newest_[message.subject] = message.seq;
    messages_[message.seq] = std::move(message);
}

void FakeBucket::drop(const std::string& subject) {
    const auto found = newest_.find(subject);
    if (found == newest_.end()) return;
    const auto message = messages_.find(found->second);
    bytes_ -= message->second.size();
    messages_.erase(message);
    newest_.erase(found);
}

const FakeBucket::Message* FakeBucket::find(const std::string& subject) const {
    const auto found = newest_.find(subject);
    return found == newest_.end() ? nullptr : &messages_.at(found->second);
}

std::size_t FakeBucket::purge(std::string_view filter) {
    const auto fits = [&](const std::string& subject) {
        return filter.empty() || takes(filter, subject);
    };
    std::vector<std::string> subjects;
    for (const auto& [subject, seq] : newest_) {
        if (fits(subject)) subjects.push_back(subject);
    }
    for (const std::string& subject : subjects) drop(subject);
    std::erase_if(swallowing_, fits);
    std::erase_if(past_, [&](const auto& each) { return fits(each.first); });
    return subjects.size();
}

void FakeBucket::go_back(Random& random, unsigned percent) {
    for (auto& [subject, past] : past_) {
        if (past.empty() || !newest_.contains(subject) || !random.chance(percent)) continue;
        Message older = past[random.below(past.size())];
        drop(subject);
        bytes_ += older.size();
        newest_[subject] = older.seq;
        messages_[older.seq] = std::move(older);
        past.clear();
        swallowing_.insert(subject);
    }
}

void FakeBucket::lose_latest(Random& random) {
    if (last_seq_ == 0) return;
    const std::uint64_t lost = 1 + random.below(std::min<std::uint64_t>(last_seq_, 20));
    last_seq_ -= lost;
    // Also of subjects that have no newest one: who goes back later must not take another's number.
    for (auto& [_, past] : past_) {
        while (!past.empty() && past.back().seq > last_seq_) past.pop_back();
    }
    while (!messages_.empty() && messages_.rbegin()->first > last_seq_) {
        const std::string subject = messages_.rbegin()->second.subject;
        drop(subject);
        std::vector<Message>& past = past_[subject];
        if (past.empty()) continue;
        Message older = std::move(past.back());
        past.pop_back();
        bytes_ += older.size();
        newest_[subject] = older.seq;
        messages_[older.seq] = std::move(older);
    }
    ids_.clear();
}

void FakeBucket::lose_one(Random& random) {
    if (newest_.empty()) return;
    const auto place = static_cast<std::ptrdiff_t>(random.below(newest_.size()));
    const std::string subject = std::next(newest_.begin(), place)->first;
    drop(subject);
}

}  // namespace sim
