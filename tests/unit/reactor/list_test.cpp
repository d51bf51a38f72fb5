#include "reactor/list.hpp"

#include "tests/unit/reactor/dies.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace reactor::list_test {

namespace {

struct Red;
struct Blue;
struct Item : ListItem<Red>, ListItem<Blue> {
    explicit Item(int value) : number(value) {}
    ~Item() {
        if (ListItem<Red>::linked()) ListItem<Red>::unlink();
        if (ListItem<Blue>::linked()) ListItem<Blue>::unlink();
    }
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    int number;
};
using RedList = List<Item, Red>;
using BlueList = List<Item, Blue>;

std::vector<int> numbers(RedList& list) {
    std::vector<int> out;
    for (Item* item = list.front(); item != nullptr; item = list.next(*item)) {
        out.push_back(item->number);
    }
    return out;
}

TEST_CASE("list: keeps the order of appending", "[reactor][list]") {
    Item one(1);
    Item two(2);
    Item three(3);
    RedList list;
    REQUIRE(list.empty());
    REQUIRE(list.front() == nullptr);
    REQUIRE(list.pop() == nullptr);
    list.push_back(one);
    list.push_back(two);
    list.push_back(three);
    REQUIRE(numbers(list) == std::vector{1, 2, 3});
    REQUIRE(list.pop() == &one);
    REQUIRE_FALSE(one.ListItem<Red>::linked());
    REQUIRE(numbers(list) == std::vector{2, 3});
}

TEST_CASE("list: an item unlinks itself from anywhere", "[reactor][list]") {
    Item one(1);
    Item two(2);
    Item three(3);
    RedList list;
    list.push_back(one);
    list.push_back(two);
    list.push_back(three);
    two.ListItem<Red>::unlink();
    REQUIRE(numbers(list) == std::vector{1, 3});
    three.ListItem<Red>::unlink();
    one.ListItem<Red>::unlink();
    REQUIRE(list.empty());
    list.push_back(two);
    REQUIRE(numbers(list) == std::vector{2});
}

TEST_CASE("list: an object is in one list per tag", "[reactor][list]") {
    Item one(1);
    RedList red;
    BlueList blue;
    red.push_back(one);
    blue.push_back(one);
    REQUIRE(red.pop() == &one);
    REQUIRE(blue.front() == &one);
}

TEST_CASE("list: stealing takes what is there and no more", "[reactor][list]") {
    Item one(1);
    Item two(2);
    Item three(3);
    Item four(4);
    RedList source;
    RedList target;
    target.push_back(one);
    source.push_back(two);
    source.push_back(three);
    target.steal(source);
    source.push_back(four);
    REQUIRE(numbers(target) == std::vector{1, 2, 3});
    REQUIRE(numbers(source) == std::vector{4});
    RedList none;
    target.steal(none);
    for (const RedList* list : {&source, &target, &none}) list->check();
    REQUIRE(numbers(target) == std::vector{1, 2, 3});
}

TEST_CASE("list: a stolen item can still leave", "[reactor][list]") {
    Item one(1);
    Item two(2);
    RedList source;
    RedList target;
    source.push_back(one);
    source.push_back(two);
    target.steal(source);
    one.ListItem<Red>::unlink();
    REQUIRE(target.pop() == &two);
    REQUIRE(target.empty());
}

TEST_CASE("list: an item in two lists of a kind is found out, and one that dies in a list",
          "[reactor][list]") {
    struct Bare : ListItem<Bare> {};
    Bare item;
    List<Bare> list;
    List<Bare> other;
    REQUIRE_FALSE(test::dies([] { const Bare free; }));
    list.push_back(item);
    REQUIRE(test::dies([&] { other.push_back(item); }));
    REQUIRE(test::dies([&] {
        Bare dead;
        list.push_back(dead);
    }));
    list.check();
}

TEST_CASE("list: a list that dies lets go of its items", "[reactor][list]") {
    Item one(1);
    {
        RedList list;
        list.push_back(one);
    }
    REQUIRE_FALSE(one.ListItem<Red>::linked());
}

}  // namespace

}  // namespace reactor::list_test
