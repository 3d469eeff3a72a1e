"""The objects: an emoji each, the nouns a caption may use for it, and whether its main colour can be changed.

One line per object: emoji, first the usual noun and then others, `*` at the end if it can be recoloured.
"""

from dataclasses import dataclass

TABLE = """
🍎 apple;red apple*
🍌 banana
🍊 orange fruit;tangerine
🍋 lemon
🍉 watermelon;slice of watermelon
🍇 grapes;bunch of grapes
🍓 strawberry
🍒 cherries;pair of cherries
🍍 pineapple
🍐 pear*
🍑 peach
🥝 kiwi;kiwi fruit
🍅 tomato
🥑 avocado
🥕 carrot
🌽 corn;ear of corn
🥦 broccoli
🍄 mushroom;toadstool*
🍞 bread;loaf of bread
🥐 croissant
🧀 cheese;piece of cheese
🍔 hamburger;burger
🍟 french fries;fries
🍕 pizza;slice of pizza
🌭 hot dog
🌮 taco
🍳 fried egg;egg in a pan
🍿 popcorn
🍣 sushi
🍦 ice cream;ice cream cone
🍩 doughnut;donut*
🍪 cookie;chocolate chip cookie
🎂 birthday cake;cake
🧁 cupcake*
🍭 lollipop
🍫 chocolate bar;chocolate
☕ cup of coffee;coffee
🫖 teapot*
🍺 mug of beer;beer
🍷 glass of wine;wine glass
🥚 egg
🐶 dog face;dog;puppy
🐱 cat face;cat;kitten;smiling cat;smiling cat face;happy cat
😻 cat with heart eyes;cat in love
🐭 mouse face;mouse
🐹 hamster
🐰 rabbit face;rabbit;bunny
🦊 fox;fox face
🐻 bear;bear face
🐼 panda;panda face
🐨 koala
🐯 tiger;tiger face
🦁 lion;lion face
🐮 cow;cow face
🐷 pig;pig face
🐸 frog;frog face
🐵 monkey;monkey face
🐔 chicken;hen
🐧 penguin
🐦 bird*
🐤 chick;baby chick
🦆 duck
🦉 owl
🦄 unicorn
🐴 horse;horse face
🐘 elephant
🦒 giraffe
🐢 turtle
🐍 snake*
🐙 octopus*
🐠 tropical fish
🐟 fish*
🐬 dolphin
🐳 whale
🦈 shark
🦀 crab*
🐌 snail
🦋 butterfly*
🐝 bee;honeybee
🐞 ladybug;lady beetle
🦖 dinosaur;t-rex
🐉 dragon*
🦔 hedgehog
🐺 wolf;wolf face
🌸 cherry blossom;pink flower
🌹 rose;red rose*
🌻 sunflower
🌷 tulip*
🌵 cactus
🌲 pine tree;evergreen tree
🌳 tree;leafy tree
🌴 palm tree
🍀 four leaf clover;clover
🍁 maple leaf
🌱 seedling;sprout
☀️ sun
🌞 smiling sun;sun with a face
🌙 crescent moon;moon
🌕 full moon
⭐ star;yellow star*
☁️ cloud
🌈 rainbow
⚡ lightning;lightning bolt*
❄️ snowflake
⛄ snowman
🔥 fire;flame*
💧 water drop;droplet*
🌊 wave;ocean wave
🌍 earth;planet earth;globe
🪐 planet with rings;saturn;planet*
😀 smiling face;happy face;smiley
😂 laughing face;face with tears of joy
😍 face with heart eyes;face in love
😎 cool face;face with sunglasses
😢 crying face;sad face
😡 angry face
😴 sleeping face;sleepy face
😱 scared face;screaming face
🤔 thinking face
😉 winking face
💀 skull
👻 ghost
👽 alien
🤖 robot;robot face*
🎃 pumpkin;jack-o-lantern
💩 pile of poo;poop
🤡 clown;clown face
❤️ heart;red heart*
💔 broken heart
💎 diamond;gem*
👑 crown;golden crown
💍 ring;diamond ring
🎩 top hat
👓 glasses;pair of glasses
👟 running shoe;sneaker*
👕 t-shirt;shirt*
👗 dress*
🎒 backpack;school bag*
☂️ umbrella*
🎁 gift;present;gift box*
🎈 balloon*
🎄 christmas tree
🏆 trophy;golden trophy
⚽ soccer ball;football
🏀 basketball
🎾 tennis racket
🎸 guitar*
🎹 piano;piano keyboard
🎺 trumpet
🥁 drum
🎨 paint palette;artist palette
🎲 die;game die;dice
🎮 game controller;video game controller
🧸 teddy bear
🚗 car;automobile*
🚕 taxi;yellow taxi
🚌 bus*
🚓 police car
🚑 ambulance
🚒 fire truck;fire engine
🚜 tractor*
🚲 bicycle;bike*
🏍️ motorcycle;motorbike*
🚂 train;steam locomotive;locomotive
✈️ airplane;plane
🚀 rocket;space rocket*
🛸 flying saucer;ufo
🚁 helicopter*
⛵ sailboat;boat*
🚢 ship
⚓ anchor*
🏠 house;home
🏰 castle
⛺ tent*
🌋 volcano
🗻 mountain;snowy mountain
🗼 tower;red tower
🎡 ferris wheel
⛲ fountain
⌚ watch;wristwatch
⏰ alarm clock;clock*
☎️ telephone;phone*
💻 laptop;computer
📺 television;tv
📷 camera;photo camera
💡 light bulb;lamp
🕯️ candle*
🔑 key;golden key*
🔒 lock;padlock*
🔨 hammer
⚙️ gear;cog*
🧲 magnet
✂️ scissors*
✏️ pencil*
📖 open book;book
📚 books;stack of books
✉️ envelope;letter
💰 money bag;bag of money
🔔 bell;golden bell*
🪑 chair*
🚪 door*
🛋️ sofa;couch
💣 bomb
🔭 telescope
🧭 compass
"""


@dataclass(frozen=True)
class Thing:
    emoji: str
    nouns: tuple[str, ...]
    recolourable: bool

    @property
    def name(self) -> str:
        """The usual noun, which identifies the object everywhere."""
        return self.nouns[0]


def _parse(line: str) -> Thing:
    emoji, nouns = line.split(" ", 1)
    return Thing(emoji, tuple(nouns.rstrip("*").split(";")), nouns.endswith("*"))


THINGS: tuple[Thing, ...] = tuple(_parse(line) for line in TABLE.strip().splitlines())
BY_NAME: dict[str, Thing] = {thing.name: thing for thing in THINGS}
