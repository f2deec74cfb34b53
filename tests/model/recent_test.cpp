#include "model/recent.h"

#include <string>

#include <gtest/gtest.h>

namespace headsweep {
namespace {

using Texts = Recent<int, std::string>;

std::string found(Texts& texts, int key) {
  const std::string* value = texts.find(key);
  return value == nullptr ? "none" : *value;
}

TEST(Recent, FindsWhatWasPutAndNothingElse) {
  Texts texts(10);
  EXPECT_EQ(texts.find(1), nullptr);
  EXPECT_EQ(texts.put(1, "one", 4), "one");
  EXPECT_EQ(texts.put(2, "two", 4), "two");
  EXPECT_EQ(found(texts, 1), "one");
  EXPECT_EQ(found(texts, 2), "two");
  EXPECT_EQ(texts.find(3), nullptr);
}

TEST(Recent, DropsTheOldestWhenTheSumExceedsTheLimit) {
  Texts texts(10);
  texts.put(1, "one", 5);
  texts.put(2, "two", 5);
  EXPECT_EQ(found(texts, 1), "one");  // exactly at the limit
  EXPECT_EQ(found(texts, 2), "two");
  texts.put(3, "three", 1);
  EXPECT_EQ(found(texts, 1), "none");
  EXPECT_EQ(found(texts, 2), "two");
  EXPECT_EQ(found(texts, 3), "three");
}

TEST(Recent, WhatIsFoundBecomesTheMostRecent) {
  Texts texts(10);
  texts.put(1, "one", 5);
  texts.put(2, "two", 5);
  texts.find(1);
  texts.put(3, "three", 5);
  EXPECT_EQ(found(texts, 1), "one");
  EXPECT_EQ(found(texts, 2), "none");
}

TEST(Recent, DropsAsManyAsANewValueNeeds) {
  Texts texts(10);
  for (int key = 0; key < 5; ++key) texts.put(key, "small", 2);
  texts.put(9, "large", 7);
  for (int key = 0; key < 4; ++key) EXPECT_EQ(found(texts, key), "none") << key;
  EXPECT_EQ(found(texts, 4), "small");
  EXPECT_EQ(found(texts, 9), "large");
}

TEST(Recent, KeepsANewValueThatIsLargerThanTheLimitUntilTheNext) {
  Texts texts(10);
  texts.put(1, "one", 5);
  EXPECT_EQ(texts.put(2, "huge", 100), "huge");
  EXPECT_EQ(found(texts, 1), "none");
  EXPECT_EQ(found(texts, 2), "huge");
  texts.put(3, "three", 5);
  EXPECT_EQ(found(texts, 2), "none");
  EXPECT_EQ(found(texts, 3), "three");
}

TEST(Recent, APutTakesThePlaceOfTheKeysOldValue) {
  Texts texts(10);
  texts.put(1, "old", 5);
  EXPECT_EQ(texts.put(1, "new", 5), "new");
  EXPECT_EQ(found(texts, 1), "new");
  texts.put(2, "two", 5);  // there is room: the old value counts no more
  EXPECT_EQ(found(texts, 1), "new");
  EXPECT_EQ(found(texts, 2), "two");
  texts.put(3, "three", 5);
  EXPECT_EQ(found(texts, 1), "none");
  EXPECT_EQ(found(texts, 2), "two");
}

TEST(Recent, MakesRoomByTakingTheOldestValuesOutOneByOne) {
  Texts texts(10);
  EXPECT_EQ(texts.make_room(11), std::nullopt);  // nothing is there
  texts.put(1, "one", 4);
  texts.put(2, "two", 4);
  EXPECT_EQ(texts.make_room(2), std::nullopt);
  EXPECT_EQ(texts.make_room(7), "one");
  EXPECT_EQ(found(texts, 1), "none");
  EXPECT_EQ(texts.make_room(7), "two");
  EXPECT_EQ(texts.make_room(7), std::nullopt);
}

}  // namespace
}  // namespace headsweep
