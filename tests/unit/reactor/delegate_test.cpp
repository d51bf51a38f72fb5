#include "reactor/delegate.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <type_traits>

namespace reactor::delegate_test {

namespace {

struct Counter {
    void add(int number) { sum += number; }
    int total() const { return sum; }
    int open(std::unique_ptr<int> box) { return sum += *box; }
    void bump(int& number) {
        ++number;
        ++sum;
    }
    int sum = 0;
};

TEST_CASE("delegate: calls the bound object's member function", "[reactor][delegate]") {
    Counter counter;
    const auto add = Delegate<void(int)>::to<&Counter::add>(counter);
    add(3);
    add(4);
    REQUIRE(counter.sum == 7);
    REQUIRE(Delegate<int()>::to<&Counter::total>(counter)() == 7);
}

TEST_CASE("delegate: binds a const object to a const member function", "[reactor][delegate]") {
    Counter counter;
    counter.sum = 5;
    const auto total = Delegate<int()>::to<&Counter::total>(counter);
    REQUIRE(total() == 5);
}

TEST_CASE("delegate: move-only arguments and references pass through", "[reactor][delegate]") {
    Counter counter;
    const auto open = Delegate<int(std::unique_ptr<int>)>::to<&Counter::open>(counter);
    REQUIRE(open(std::make_unique<int>(9)) == 9);
    int number = 1;
    Delegate<void(int&)>::to<&Counter::bump>(counter)(number);
    REQUIRE(number == 2);
}

TEST_CASE("delegate: says whether it is bound", "[reactor][delegate]") {
    Counter counter;
    REQUIRE_FALSE(Delegate<void(int)>());
    REQUIRE(Delegate<void(int)>::to<&Counter::add>(counter));
}

TEST_CASE("delegate: is two words and trivially copied", "[reactor][delegate]") {
    REQUIRE(sizeof(Delegate<void(int)>) == 2 * sizeof(void*));
    REQUIRE(std::is_trivially_copyable_v<Delegate<void(int)>>);
}

}  // namespace

}  // namespace reactor::delegate_test
