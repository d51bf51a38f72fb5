#pragma once

#include "herd/places/places.hpp"
#include "reactor/slab.hpp"
#include "reactor/timer.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace sim {

// Places that answer the same to everything, after a while.
class FakePlaces final : public herd::places::Places {
public:
    static constexpr std::string_view json =
        R"({"html_attributions":[],"results":[{"name":"a"},{"name":"b"}],"status":"OK"})";
    static constexpr reactor::Duration delay = std::chrono::milliseconds(3);

    explicit FakePlaces(reactor::Loop& loop) : loop_(loop) {
        const auto mapped = questions_.map(64);
        assert(mapped.has_value());
    }

    herd::places::Ticket begin(const protocol::PlacesQuery&, Answered answered) override {
        Question* question = questions_.emplace(*this, answered);
        if (question == nullptr) return {};
        question->timer.start(delay);
        const auto handle = questions_.handle(*question);
        return {handle.index, handle.generation};
    }

    void cancel(herd::places::Ticket ticket) override {
        Question* question = questions_.find({ticket.index, ticket.generation});
        if (question != nullptr) questions_.release(*question);
    }

private:
    struct Question {
        Question(FakePlaces& owner, Answered answer)
            : places(owner),
              answered(answer),
              timer(owner.loop_, reactor::Delegate<void()>::to<&Question::on_time>(*this)) {}

        void on_time() {
            const Answered answer = answered;
            FakePlaces& from = places;
            from.questions_.release(*this);
            answer(from.answer_);
        }

        FakePlaces& places;
        Answered answered;
        reactor::Timer timer;
    };

    reactor::Loop& loop_;
    reactor::Slab<Question> questions_;
    std::array<char, json.size()> text_{};
    protocol::CutPlaces answer_ = *protocol::cut_places(text_, json, 20);
};

}  // namespace sim
