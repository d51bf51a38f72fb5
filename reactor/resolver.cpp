#include "reactor/resolver.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace reactor {

Resolver::Resolver(Loop& loop)
    : helper_(loop, Delegate<void(const sys::Errand&)>::to<&Resolver::on_done>(*this)) {}

// The helper may still be at it.
Resolver::~Resolver() {
    if (question_.size() > 0) helper_.give(std::move(question_.pages()));
}

Result<void> Resolver::open() {
    assert(question_.size() == 0);
    auto question = PageArray<Question>::map(1);
    if (!question) return std::unexpected(question.error());
    if (auto opened = helper_.open(); !opened) return opened;
    question_ = std::move(*question);
    return {};
}

void Resolver::ask(Inquiry& inquiry) {
    assert(question_.size() > 0);
    if (inquiry.linked() || current_ == &inquiry) return;
    waiting_.push_back(inquiry);
    if (current_ == nullptr) begin();
}

void Resolver::begin() {
    assert(current_ == nullptr);
    current_ = waiting_.pop();
    if (current_ == nullptr) return;
    Question& question = question_[0];
    assert(current_->name_.size() <= name_size_max);
    question.name = {};
    std::ranges::copy(current_->name_, question.name.begin());
    question.port = current_->port_;
    helper_.ask({.what = sys::Errand::What::call, .function = &look_up, .argument = &question});
}

void Resolver::look_up(void* argument) {
    auto& question = *static_cast<Question*>(argument);
    const auto count = sys::look_up(question.name.data(), question.port, question.found);
    question.count = count ? *count : 0;
    question.error = count ? 0 : count.error().value;
}

void Resolver::on_done(const sys::Errand&) {
    assert(current_ != nullptr);
    const Question& question = question_[0];
    assert(question.count <= addresses_max);
    const std::array<Address, addresses_max> found = question.found;
    const std::size_t count = question.count;
    const Errno why{question.error};
    const Told told = std::exchange(current_, nullptr)->told_;
    begin();
    told(std::span(found).first(count), why);
}

}  // namespace reactor
