-- Who goes back in a conversation leaves the turns that lie between.

-- Line of the prompt that a turn goes on from, where that is not the one before it; -1: it begins the conversation anew.
ALTER TABLE turns ADD COLUMN after_line BIGINT;
-- Line that last named the turn as the one that goes on, after another had begun.
ALTER TABLE turns ADD COLUMN named_line BIGINT;
