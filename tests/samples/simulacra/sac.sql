-- The tables as the program that made the release creates them; the rows are made up.
CREATE TABLE survey (id INTEGER, qid INTEGER, rating INTEGER, PRIMARY KEY(id, qid));
CREATE TABLE generations (id INTEGER PRIMARY KEY, sid INTEGER, method INTEGER, prompt TEXT, verified INTEGER,
    FOREIGN KEY(sid) REFERENCES survey(id));
CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, gid INTEGER, idx INTEGER,
    FOREIGN KEY(gid) REFERENCES generations(id), UNIQUE(gid, idx));
CREATE TABLE paths (iid INTEGER, path TEXT, FOREIGN KEY(iid) REFERENCES images(id));
CREATE TABLE ratings (sid INTEGER, iid INTEGER, rating INTEGER, verified INTEGER,
    FOREIGN KEY(sid) REFERENCES survey(id), FOREIGN KEY(iid) REFERENCES images(id));
CREATE TABLE upscales (iid INTEGER PRIMARY KEY, method INTEGER, FOREIGN KEY(iid) REFERENCES images(id));
INSERT INTO survey VALUES (0, 0, 7), (0, 1, 3), (1, 0, 10), (1, 1, 1);
INSERT INTO generations VALUES
    (11, 0, 2, 'a harbour in fog', 1),
    (12, 0, 2, 'a harbour in fog, woodcut', 1),
    (13, 1, 3, 'a tram made of moss', 0),
    (14, 2, 3, 'a tram', 0),
    (15, 1, NULL, NULL, 0);
INSERT INTO images VALUES (101, 11, 1), (102, 11, 2), (103, 12, 1), (104, 12, 2), (105, 13, 1);
INSERT INTO paths VALUES (101, '11_a_harbour_in_fog_1.png');
INSERT INTO ratings VALUES (0, 101, 4, 1), (0, 101, 7, 1), (0, 102, 7, 1), (1, 105, 9, 0), (1, 103, NULL, 0);
INSERT INTO upscales VALUES (101, 0), (102, 0);
